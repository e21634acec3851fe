module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      cwd: "/srv/app",
      max_memory_restart: "600K",
      env: { NODE_ENV: "production", PORT: 3001 },
    },
  ],
};
