module.exports = {
  apps: [
    { name: "fleet-rest", script: "dist/rest.js", env: { PORT: 4000 } },
    { name: "fleet-stream", script: "dist/stream.js", env: { PORT: 3005 } },
  ],
};
