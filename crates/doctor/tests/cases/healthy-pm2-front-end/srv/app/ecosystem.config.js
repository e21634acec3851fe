module.exports = {
  apps: [
    {
      name: "shop",
      script: "node_modules/next/dist/bin/next",
      args: "start",
      instances: "max",
      env: { NODE_ENV: "production", PORT: 3000 },
    },
  ],
};
