module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      cwd: "/srv/app",
      env: { NODE_ENV: "production", PORT: 3001 },
    },
    { name: "cron", script: "dist/job.js", cwd: "/srv/app", autorestart: false, cron_restart: "*/5 * * * *" },
  ],
};
