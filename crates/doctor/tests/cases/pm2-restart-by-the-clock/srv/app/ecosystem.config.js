module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      cwd: "/srv/app",
      cron_restart: "*/10 * * * *",
      env: { NODE_ENV: "production", PORT: 3001 },
    },
  ],
};
