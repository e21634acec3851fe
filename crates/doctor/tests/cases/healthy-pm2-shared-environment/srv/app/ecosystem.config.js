const env = { NODE_ENV: "production", PORT: 3001 };
module.exports = {
  apps: [
    { name: "api", script: "dist/main.js", env },
    { name: "reports", script: "dist/reports.js", env },
  ],
};
