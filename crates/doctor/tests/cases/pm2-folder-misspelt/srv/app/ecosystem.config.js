module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      cwd: "/srv/app/bakend",
      env: { NODE_ENV: "production", PORT: 3001 },
    },
  ],
};
