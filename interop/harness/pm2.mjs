// A private PM2: its daemon, and what it runs, live in one folder and end with it.

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const CLI = createRequire(import.meta.url).resolve('pm2/bin/pm2');

export class Pm2 {
  constructor(folder, environment) {
    this.folder = folder;
    this.environment = { ...environment, HOME: folder, PM2_HOME: join(folder, 'pm2') };
  }

  run(...args) {
    const options = { cwd: this.folder, env: this.environment, encoding: 'utf8', stdio: 'pipe' };
    return execFileSync(process.execPath, [CLI, ...args], options);
  }

  processes() {
    return JSON.parse(this.run('jlist', '--silent').split('\n').at(-1));
  }

  // The daemon with all that it runs.
  stop() {
    this.run('kill');
  }
}
