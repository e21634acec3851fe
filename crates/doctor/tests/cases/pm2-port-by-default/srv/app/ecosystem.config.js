const port = process.env.PORT || 3000;
module.exports = {
  apps: [{ name: "alerts", script: "dist/main.js", env: { NODE_ENV: "production", PORT: port } }],
};
