// A private PostgreSQL: its own cluster in a temporary folder on a free port. It can be stopped and
// started again, as a database that goes away does.

import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from './process.mjs';
import { find, freePort, unprivileged } from './place.mjs';

const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: 'C', TMPDIR: process.env.TMPDIR ?? '/tmp' };

export class Postgres {
  static async start(parent) {
    const postgres = new Postgres(parent, await freePort());
    postgres.#initialise();
    await postgres.start();
    return postgres;
  }

  constructor(parent, port) {
    this.folder = join(parent, 'pg');
    this.port = port;
    this.user = unprivileged();
  }

  #initialise() {
    mkdirSync(this.folder, { mode: 0o700 });
    if (this.user.uid) chownSync(this.folder, this.user.uid, this.user.gid);
    const args = ['-D', this.folder, '-U', 'atalaya', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
    execFileSync(find('initdb'), args, { ...this.user, env: ENVIRONMENT, cwd: '/', stdio: 'pipe' });
  }

  async start() {
    const options = ['-c', `unix_socket_directories=${this.folder}`, '-c', 'fsync=off'];
    this.program = new Program(
      find('postgres'),
      ['-D', this.folder, '-h', '127.0.0.1', '-p', String(this.port), ...options],
      { ...this.user, env: ENVIRONMENT, cwd: '/', name: 'PostgreSQL' },
    );
    await this.program.ready(() => this.#accepts());
  }

  #accepts() {
    try {
      this.query('postgres', 'SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  // SIGQUIT: at once, cutting every connection, as when the machine goes away.
  async stop(signal = 'SIGQUIT') {
    await this.program.stop(signal);
  }

  createDatabase(name) {
    this.query('postgres', `CREATE DATABASE ${name}`);
    return this.url(name);
  }

  url(name) {
    return `postgres://atalaya@127.0.0.1:${this.port}/${name}`;
  }

  // The rows as CSV with a header line.
  query(name, sql) {
    return execFileSync(
      find('psql'),
      ['-X', '-q', '--csv', '-v', 'ON_ERROR_STOP=1', '-d', this.url(name), '-c', sql],
      { encoding: 'utf8', stdio: 'pipe', env: { ...ENVIRONMENT, PGCONNECT_TIMEOUT: '5' } },
    );
  }
}
