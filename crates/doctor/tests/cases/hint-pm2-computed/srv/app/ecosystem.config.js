const names = ["api", "worker"];
module.exports = {
  apps: names.map((name) => ({ name, script: `dist/${name}.js`, instances: "max" })),
};
