module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/index.js",
      cwd: "/srv/app",
      env: { NODE_ENV: "production", PORT: 3001 },
    },
  ],
};
