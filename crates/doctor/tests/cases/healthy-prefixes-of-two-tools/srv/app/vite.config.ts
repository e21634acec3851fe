export default defineConfig({ envPrefix: ["VITE_", "REACT_APP_"] });
