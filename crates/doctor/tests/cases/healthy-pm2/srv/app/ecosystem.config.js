// NODE_ENV: "development" is for `npm run dev` only.
const os = require("os");
const logs = process.env.LOGS || "/var/log/app";

module.exports = {
  apps: [
    {
      name: "api",
      script: "npm",
      args: "run start",
      cwd: "/srv/app",
      instances: 1,
      exec_mode: "cluster",
      watch: false,
      out_file: `${logs}/out.log`,
      error_file: `${logs}/error.log`,
      log_file: "/dev/null",
      env: { NODE_ENV: "production", PORT: 3001 },
      env_development: { NODE_ENV: "development", PORT: 3000 },
    },
    {
      name: "thumbnails",
      script: "dist/thumbnails.js",
      instances: os.cpus().length - 1,
      exec_mode: "cluster",
      watch: ["settings"],
      out_file: "/dev/null",
      env: { NODE_ENV: "production", PORT: 3002 },
    },
  ],
  deploy: {
    production: { user: "deploy", host: ["10.0.0.5"], ref: "origin/main", path: "/srv/app" },
  },
};
