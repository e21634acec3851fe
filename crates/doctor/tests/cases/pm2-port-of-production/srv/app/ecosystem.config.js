module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      cwd: "/srv/app",
      env_production: { NODE_ENV: "production", PORT: 3000 },
    },
  ],
};
