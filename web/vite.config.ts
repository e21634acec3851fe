// The build (hashed files in dist/, which the server embeds), the development server with its proxy to a
// running Atalaya or to the mock, and the unit tests.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const backend = process.env.ATALAYA_BACKEND ?? 'http://127.0.0.1:3001';

const proxy = {
  '/api': { target: backend },
  '/socket.io': { target: backend, ws: true },
};

export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { host: '127.0.0.1', port: 5173, proxy },
  preview: { host: '127.0.0.1', proxy },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
