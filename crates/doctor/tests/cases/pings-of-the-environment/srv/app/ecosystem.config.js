module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      cwd: "/srv/app",
      env: { NODE_ENV: "production", PORT: 3001, SOCKET_PING_INTERVAL: 60000 },
    },
  ],
};
