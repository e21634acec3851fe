module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      cwd: "/srv/app",
      env: { NODE_ENV: "development", PORT: 3001 },
      env_production: { NODE_ENV: "production", PORT: 3001 },
    },
  ],
};
