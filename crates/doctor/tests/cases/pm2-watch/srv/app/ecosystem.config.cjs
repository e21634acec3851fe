exports.apps = [
  {
    name: 'api',
    script: 'dist/main.js',
    watch: true,
    ignore_watch: ['node_modules'],
    env: { NODE_ENV: 'production' },
  },
];
