const common = { cwd: "/srv/app", watch: false };

const api = {
  ...common,
  name: "api",
  script: "dist/main.js",
  instances: "max",
  exec_mode: "cluster",
  env: { NODE_ENV: "production", PORT: "3001" },
};

module.exports = { apps: [api] };
