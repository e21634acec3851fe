module.exports = {
  apps: [{ name: "alerts", script: "dist/main.js", node_args: "--enable-source-maps --watch", env: { PORT: 3001 } }],
};
