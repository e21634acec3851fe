module.exports = {
  apps: [
    { name: "mails", script: "dist/job.js", cwd: "/srv/app", autorestart: false, cron_restart: "*/5 * * * *" },
  ],
};
