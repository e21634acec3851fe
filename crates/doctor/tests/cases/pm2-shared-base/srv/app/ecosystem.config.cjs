const os = require("os");
const port = 3000;
const base = {
  exec_mode: "cluster",
  instances: Math.max(2, os.cpus().length - 1),
};
module.exports = {
  apps: [
    { ...base, name: "rt", script: "dist/rt.js", env: { PORT: port + 1 } },
    { ...base, name: "mailer", script: "dist/mailer.js", instances: 1 },
  ],
};
