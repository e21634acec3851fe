module.exports = {
  apps: [
    { name: "api", script: "dist/main.js", env: { PORT: 3001 } },
    { name: "reports", script: "dist/reports.js", env: { PORT: 3001 } },
  ],
};
