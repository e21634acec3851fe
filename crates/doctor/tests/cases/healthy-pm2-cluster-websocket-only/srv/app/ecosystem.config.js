module.exports = {
  apps: [{ name: "alerts", script: "dist/main.js", instances: 4, exec_mode: "cluster", env: { PORT: 3001 } }],
};
