module.exports = {
  apps: [{ name: "alerts", script: "dist/main.js", env: { PORT: process.env.PORT || 3000 } }],
};
