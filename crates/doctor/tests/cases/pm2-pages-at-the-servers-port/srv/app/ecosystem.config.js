module.exports = {
  apps: [
    {
      name: "web", cwd: "/srv/app/web", script: "node_modules/next/dist/bin/next",
      args: "start -p 3001",
    },
    {
      name: "api",
      script: "dist/main.js",
      cwd: "/srv/app/api",
      exec_mode: "fork",
      env: { NODE_ENV: "production", PORT: 3001 },
    },
  ],
};
