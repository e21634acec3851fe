module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      cwd: "/srv/app/api",
      env: { NODE_ENV: "production", PORT: 3001 },
    },
    {
      name: "web",
      script: "server.js",
      cwd: "/srv/app/web",
      env: { NODE_ENV: "production", PORT: 3000 },
    },
  ],
};
