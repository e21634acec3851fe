// Starting a program, keeping what it says, and being sure that it ends: every process that is started
// here is stopped by its own id, at the latest when this one exits.

import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

const running = new Set();

process.on('exit', () => {
  for (const program of running) program.signal('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const MAX_LOG_CHARACTERS = 200_000;

export class Program {
  log = '';
  exit = null; // { code, signal } once it has ended

  constructor(command, args, options = {}) {
    this.name = options.name ?? command;
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    running.add(this);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.log = (this.log + text).slice(-MAX_LOG_CHARACTERS);
      });
    }
    this.ended = new Promise((resolve) => {
      const end = (exit) => {
        this.exit ??= exit;
        running.delete(this);
        resolve(this.exit);
      };
      this.child.on('error', (error) => {
        this.log += `\n${error.message}`;
        end({ code: null, signal: null });
      });
      this.child.on('close', (code, signal) => end({ code, signal }));
    });
  }

  get pid() {
    return this.child.pid;
  }

  signal(name) {
    if (!this.exit && this.pid) this.child.kill(name);
  }

  // Asks it to end, insists after `graceMs`, and answers how it ended.
  async stop(signal = 'SIGTERM', graceMs = 15_000) {
    this.signal(signal);
    const insist = setTimeout(() => this.signal('SIGKILL'), graceMs);
    const exit = await this.ended;
    clearTimeout(insist);
    return exit;
  }

  // Waits until `isReady()` answers something true; fails at once if the program ends before that.
  async ready(isReady, timeoutMs = 30_000) {
    await until(
      async () => {
        if (this.exit) throw new Error(`${this.name} ended at its start:\n${this.log}`);
        return isReady();
      },
      timeoutMs,
      () => `${this.name} did not become ready:\n${this.log}`,
    );
  }
}

// Polls until the probe answers something true and returns that. A probe that throws ends the wait.
export async function until(probe, timeoutMs = 10_000, what = 'the awaited state') {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (Date.now() > deadline) {
      const text = typeof what === 'function' ? what() : `waited ${timeoutMs} ms for ${what}`;
      throw new Error(text);
    }
    await pause(25);
  }
}
