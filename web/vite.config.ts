// The build (hashed files in dist/, which the server embeds), the development server with its proxy to a
// running Atalaya or to the mock, and the unit tests.
import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const backend = process.env.ATALAYA_BACKEND ?? 'http://127.0.0.1:3001';

const proxy = {
  '/api': { target: backend },
  '/socket.io': { target: backend, ws: true },
};

/** The font's licence asks to travel with the font; those of the bundled code are in licences.md. */
const fontLicence = {
  name: 'font-licence',
  generateBundle(this: { emitFile: (file: { type: 'asset'; fileName: string; source: string }) => string }) {
    const source = readFileSync('node_modules/@fontsource-variable/archivo/LICENSE', 'utf8');
    this.emitFile({ type: 'asset', fileName: 'licences-font.txt', source });
  },
};

export default defineConfig({
  plugins: [svelte(), fontLicence],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licences.md' },
  },
  server: { host: '127.0.0.1', port: 5173, proxy },
  preview: { host: '127.0.0.1', proxy },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
