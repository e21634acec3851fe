module.exports = {
  apps: [
    {
      name: "api",
      script: "npm",
      args: "run start:dev",
      env: {
        NODE_ENV: "development",
        PORT: 3001,
      },
    },
  ],
};
