// A temporary folder that goes away, free ports, and where Debian keeps its servers.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

const folders = new Set();

process.on('exit', () => {
  for (const folder of folders) remove(folder);
});

// Others may pass through it: PostgreSQL, which refuses to run as root, runs as another user.
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'interop-'));
  chmodSync(folder, 0o755);
  folders.add(folder);
  return folder;
}

export function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  folders.delete(folder);
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// The path of a program: on PATH, in /usr/sbin, or in the newest /usr/lib/postgresql/*/bin.
export function find(program) {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a));
  const candidates = [
    ...newest.map((version) => `/usr/lib/postgresql/${version}/bin/${program}`),
    ...(process.env.PATH ?? '').split(':').map((folder) => join(folder, program)),
    `/usr/sbin/${program}`,
  ];
  const found = candidates.find((path) => existsSync(path));
  if (!found) throw new Error(`${program} is not installed; \`make test\` installs it`);
  return found;
}

// Who runs what must not run as root: nobody else when this is an ordinary user.
export function unprivileged() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
