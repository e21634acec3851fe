// socket.io-client as it comes from npm, newest and oldest supported, with a record of all that it said.

import { createRequire } from 'node:module';
import { io as newest } from 'socket.io-client';
import { until } from './process.mjs';

const require = createRequire(import.meta.url);

export const CLIENTS = { 4.8: newest, '4.0': require('socket.io-client-4-0').io };

const LIFE_EVENTS = ['connect', 'connect_error', 'disconnect'];

// Records every event of the socket, its own life's included, in order of arrival.
export class Record {
  entries = [];

  constructor(socket) {
    this.socket = socket;
    for (const name of LIFE_EVENTS) socket.on(name, (...args) => this.#add(name, args));
    socket.onAny((name, ...args) => this.#add(name, args));
  }

  #add(name, args) {
    this.entries.push({ name, args });
  }

  all(name) {
    return this.entries.filter((entry) => entry.name === name);
  }

  // The first event of this name that satisfies `accept`, whether it has come already or is yet to come.
  async event(name, accept = () => true, timeoutMs = 10_000) {
    const found = () => this.entries.find((entry) => entry.name === name && accept(...entry.args));
    const entry = await until(found, timeoutMs, () => {
      const seen = this.entries.map(({ name, args }) => `${name} ${JSON.stringify(args[0])}`);
      return `no matching '${name}' within ${timeoutMs} ms; seen:\n${seen.join('\n')}`;
    });
    return entry.args;
  }

  async connected() {
    await until(
      () => this.all('connect').length || this.all('connect_error').length,
      10_000,
      'connect or connect_error',
    );
    const [failure] = this.all('connect_error');
    if (failure) throw new Error(`connect_error: ${failure.args[0].message}`, { cause: failure.args[0] });
    return this.socket;
  }

  async refused() {
    const [error] = await this.event('connect_error');
    return error;
  }

  // The titles of the notifications so far, in order of arrival.
  titles() {
    return this.all('notification').map(({ args }) => args[0].title);
  }
}

// An event with an acknowledgement, in the way that every 4.x client knows.
export function ask(socket, name, body) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no acknowledgement of '${name}'`)), 10_000);
    socket.emit(name, body, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}
