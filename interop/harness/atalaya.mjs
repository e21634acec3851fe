// The binary under test: its commands, and the server with its log. Nothing is built here.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Program } from './process.mjs';
import { freePort, REPOSITORY } from './place.mjs';

export const BINARY = resolve(process.env.ATALAYA_BIN ?? join(REPOSITORY, 'target/debug/atalaya'));

export const JWT_SECRET = 'interop-secret-of-more-than-thirty-two-bytes';

export class Atalaya {
  // `settings` are environment variables over those that make it private to `folder`.
  static async create(folder, databaseUrl, settings = {}) {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: cargo build -p atalaya`);
    const [port, opsPort] = [await freePort(), await freePort()];
    return new Atalaya(folder, port, {
      PATH: process.env.PATH,
      TMPDIR: process.env.TMPDIR ?? '/tmp',
      ATALAYA_LISTEN: `127.0.0.1:${port}`,
      ATALAYA_OPS_LISTEN: `127.0.0.1:${opsPort}`,
      ATALAYA_LOG_FORMAT: 'json',
      DATABASE_URL: databaseUrl,
      JWT_SECRET,
      ...settings,
    });
  }

  constructor(folder, port, environment) {
    this.folder = folder;
    this.port = port;
    this.environment = environment;
    this.url = `http://127.0.0.1:${port}`;
  }

  // Runs one command to its end and returns what it printed; throws if it fails.
  run(args, input = '') {
    return execFileSync(BINARY, args, {
      cwd: this.folder,
      env: this.environment,
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  addUser(name, role, password) {
    const args = ['user', 'add', name, '--role', role, '--password-stdin', '--json'];
    return JSON.parse(this.run(args, password));
  }

  token(name) {
    return this.run(['token', '--user', name]).trim();
  }

  async start() {
    const options = { cwd: this.folder, env: this.environment, name: 'atalaya serve' };
    this.program = new Program(BINARY, ['serve'], options);
    await this.program.ready(() => this.isReady());
  }

  async isReady() {
    return fetch(`${this.url}/readyz`).then(
      (response) => response.status === 200,
      () => false,
    );
  }

  // How it ended, and how long that took.
  async stop(signal = 'SIGTERM') {
    const began = Date.now();
    const exit = await this.program.stop(signal);
    return { ...exit, tookMs: Date.now() - began };
  }

  get log() {
    return this.program?.log ?? '';
  }

  // The log lines as objects; a line that is not JSON fails the caller.
  logLines() {
    return this.log
      .split('\n')
      .filter((line) => line.trim())
      .map((line) => JSON.parse(line));
  }
}
