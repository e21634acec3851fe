module.exports = {
  apps: [
    {
      name: "alerts",
      script: "dist/main.js",
      env: { NODE_ENV: "development", PORT: 3001 },
      env_production: { NODE_ENV: "production", PORT: 8080 },
    },
  ],
};
