module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      cwd: "/srv/app",
      max_memory_restart: "300M",
      cron_restart: "0 4 * * *",
      env: { NODE_ENV: "production", PORT: 3001 },
    },
    {
      name: "thumbs",
      script: "./thumbs",
      cwd: "/srv/app",
      interpreter: "none",
      max_memory_restart: "8M",
      env: { NODE_ENV: "production", PORT: 3005 },
    },
  ],
};
