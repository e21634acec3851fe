module.exports = {
  apps: [
    { name: "web", script: "server.js", cwd: "/srv/web", env: { NODE_ENV: "production", PORT: 3002 } },
    { name: "alerts", script: "dist/main.js", cwd: "/srv/alerts", env: { NODE_ENV: "production", PORT: 3001 } },
  ],
};
