// Debian's Chromium, without what it does in the background.

import { chromium } from 'playwright-core';
import { find } from './place.mjs';

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// `hosts` says where names lead: { 'apps.example.com:80': '127.0.0.1:8080' }, the first that fits.
export function launch(folder, hosts = {}) {
  const rules = Object.entries(hosts).map(([name, address]) => `MAP ${name} ${address}`);
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? find('chromium'),
    args: [...QUIET, `--host-resolver-rules=${rules.join(', ')}`],
    env: { ...process.env, HOME: folder },
  });
}
