module.exports = {
  apps: [
    {
      name: "atalaya",
      script: process.env.ATALAYA_BIN ?? "/usr/local/bin/atalaya",
      args: "serve",
      interpreter: "none",
      cwd: "/srv/atalaya",
      env: { NODE_ENV: "production" },
    },
  ],
};
