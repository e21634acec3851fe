module.exports = [{
  name: "api", script: "/usr/local/bin/api", interpreter: "none",
  exec_mode: "fork", instances: 4,
  env: { PORT: 3001 },
}];
