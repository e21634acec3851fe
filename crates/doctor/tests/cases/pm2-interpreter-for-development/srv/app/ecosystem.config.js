module.exports = {
  apps: [
    {
      name: "alerts",
      script: "src/main.ts",
      interpreter: "./node_modules/.bin/ts-node-dev",
      interpreter_args: "--respawn",
      env: { PORT: 3001 },
    },
  ],
};
