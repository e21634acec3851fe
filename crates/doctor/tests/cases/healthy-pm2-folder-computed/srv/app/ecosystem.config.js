module.exports = {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      cwd: process.env.API_HOME,
      env: { NODE_ENV: "production", PORT: 3001 },
    },
  ],
};
