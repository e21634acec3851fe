// Atalaya under PM2:   pm2 start ecosystem.config.js && pm2 save
//
// Atalaya is a binary and needs no Node.js; this file is for the server where PM2 runs the rest.
// It runs in production mode, which is also Atalaya's own default, and its log goes to files that
// PM2 knows (`pm2 logs atalaya`). Its configuration is read from the environment below or from
// atalaya.toml in `cwd`; secrets belong in the latter, with mode 0600, not here.

const home = process.env.ATALAYA_HOME || "/var/lib/atalaya";
const logs = process.env.ATALAYA_LOGS || "/var/log/atalaya";

module.exports = {
  apps: [
    {
      name: "atalaya",
      script: process.env.ATALAYA_BIN || "/usr/local/bin/atalaya",
      args: "serve",
      interpreter: "none",
      cwd: home,

      // One process. It uses all cores by itself, and PM2's cluster mode is for Node.js only.
      exec_mode: "fork",
      instances: 1,

      env: {
        NODE_ENV: "production",
        ATALAYA_LOG: "info",
        ATALAYA_LOG_FORMAT: "json",
      },

      // Atalaya logs to standard error; both are kept, in one file, so that nothing is lost.
      out_file: `${logs}/atalaya.log`,
      error_file: `${logs}/atalaya.log`,
      merge_logs: true,

      // Back after a crash, at once the first time and ever more slowly if it goes on.
      autorestart: true,
      exp_backoff_restart_delay: 100,
      watch: false,

      // PM2 kills after this long. Atalaya takes up to 10 s (its grace period) to tell its clients
      // and to close their rows.
      kill_timeout: 15000,

      // Do not look for a repository around the binary.
      vizion: false,
    },
  ],
};
