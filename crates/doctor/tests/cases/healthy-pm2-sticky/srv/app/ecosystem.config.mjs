export default {
  apps: [
    {
      name: "api",
      script: "dist/main.js",
      instances: "max",
      env: { NODE_ENV: process.env.NODE_ENV ?? "development", PORT: 3001 },
    },
  ],
};
