module.exports = {
  apps: [
    {
      name: "alerts-api",
      cwd: "/srv/app",
      script: "npm",
      args: "run dev",
      out_file: "/dev/null",
      error_file: "/dev/null",
      env: {
        NODE_ENV: "development",
        PORT: 3001,
      },
    },
  ],
};
