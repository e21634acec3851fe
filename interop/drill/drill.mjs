// A shift in fast motion: publishers at a steady rate, clients of the real library that are cut off, leave and come
// back over websocket and polling, some through nginx, and servers that are killed (`kill -9`) in the middle of it. At the
// end everybody's list is compared with what was answered.

import { setTimeout as pause } from 'node:timers/promises';
import { Atalaya } from '../harness/atalaya.mjs';
import { until } from '../harness/process.mjs';
import { World } from '../harness/world.mjs';
import { Recorder } from './recorder.mjs';

export const SIZES = {
  small: { clients: 30, publishers: 4, perSecond: 40, kills: 3, betweenKillsMs: [1_200, 2_200] },
  full: { clients: 300, publishers: 10, perSecond: 200, kills: 10, betweenKillsMs: [4_000, 12_000] },
};
export const PLACES = ['sqlite', 'postgres', 'two-servers'];

const READERS = ['luis', 'marta', 'ana'];
const SUBSCRIBERS = ['marta', 'ana'];
// To whom, and who of the readers that is.
const AUDIENCES = [
  (world) => [{ users: [world.users.luis.id] }, ['luis']],
  (world) => [{ users: [world.users.marta.id, world.users.ana.id] }, ['marta', 'ana']],
  () => [{ roles: ['user'] }, ['luis', 'marta']],
  () => [{ topic: 'drill' }, SUBSCRIBERS],
  () => [{ all: true }, READERS],
];
const KINDS = [
  { transports: ['websocket'] },
  { transports: ['polling'] },
  { transports: ['polling', 'websocket'], through: 'nginx' },
  { transports: ['websocket'], through: 'nginx' },
];
const PUBLISH_LIMIT_MS = 5_000;
const PUBLISH_TRIES = 100;
const PUBLISH_AGAIN_MS = 100;
const QUIET_LIMIT_MS = 60_000;

export class Drill {
  recorder = new Recorder();
  killed = 0;
  #world = new World();
  #isOver = false;
  #random;

  constructor(place, size, { seed = 1, progress = () => {} } = {}) {
    this.place = place;
    this.size = SIZES[size];
    this.progress = progress;
    this.#random = randomness(seed);
  }

  // The verdict, with the counts behind it.
  async run() {
    try {
      await this.#open();
      this.#comeIn();
      const going = [this.#killAgainAndAgain(), this.#comeAndGo(), ...this.#publishers()];
      await Promise.all(going);
      const inboxes = await this.#settle();
      return { ...this.recorder.judge(inboxes), ...this.#counts() };
    } catch (error) {
      error.message += `\n--- the end of the server's log ---\n${this.#world.atalaya?.log.slice(-4_000)}`;
      throw error;
    } finally {
      await this.#close();
    }
  }

  async #open() {
    const database = this.place === 'sqlite' ? 'sqlite' : 'postgres';
    const settings = { ATALAYA_MAX_SESSIONS_PER_USER: '1000', ATALAYA_LOG: 'warn' };
    await this.#world.open({ database, nginx: true, settings });
    this.servers = [this.#world.atalaya];
    for (const as of SUBSCRIBERS) await this.#world.request('PUT', '/api/topics/drill/subscription', { as });
    if (this.place === 'two-servers') {
      const other = await Atalaya.create(this.#world.folder, this.#world.databaseUrl, settings);
      await other.start();
      this.servers.push(other);
    }
  }

  async #close() {
    await this.#world.disconnectAll();
    if (this.servers?.[1]?.program) await this.servers[1].stop();
    await this.#world.close();
  }

  #comeIn() {
    for (let number = 0; number < this.size.clients; number++) this.#newClient(number);
  }

  #newClient(number) {
    const user = READERS[number % READERS.length];
    const { through, ...options } = KINDS[number % KINDS.length];
    const server = this.servers[Math.floor(number / KINDS.length) % this.servers.length];
    const origin = through ? this.#world.origin(through) : server.url;
    const { socket } = this.#world.openSocket(user, {
      ...options,
      origin,
      reconnectionDelay: 100,
      reconnectionDelayMax: 1_000,
      timeout: 5_000,
    });
    // Whom a server that just came up could not yet record tries again, as the README says.
    socket.on('connect_error', ({ data }) => {
      if (data?.code === 'ledger_unavailable') setTimeout(() => !this.#isOver && socket.connect(), 300);
    });
    return this.recorder.watch(`client ${number} of ${user}`, user, socket);
  }

  async #killAgainAndAgain() {
    const [least, most] = this.size.betweenKillsMs;
    while (this.killed < this.size.kills) {
      await pause(least + this.#random() * (most - least));
      const server = this.servers[Math.floor(this.#random() * this.servers.length)];
      await server.stop('SIGKILL');
      this.killed++;
      await pause(this.#random() * 500);
      await server.start();
      this.#tell();
    }
    await pause(least);
    this.#isOver = true;
  }

  // Cuts, leaves and returns, a few each tenth of a second; and clients that were never there before.
  async #comeAndGo() {
    while (!this.#isOver) {
      await pause(100);
      for (let n = 0; n < this.size.clients / 60; n++) this.#disturb(this.#anyClient().socket);
    }
    for (let n = 0; n < this.size.clients / 10; n++) this.#newClient(this.recorder.clients.length);
    for (const { socket } of this.recorder.clients) if (!socket.connected) socket.connect();
  }

  #anyClient() {
    const { clients } = this.recorder;
    return clients[Math.floor(this.#random() * clients.length)];
  }

  #disturb(socket) {
    const chance = this.#random();
    const { engine } = socket.io;
    // A manager does not notice that an engine which is still opening was closed by hand.
    if (engine?.readyState !== 'open' || mayEndInAMove(engine)) return;
    if (chance < 0.6) engine.close();
    else if (chance < 0.8) engine.transport.close();
    else if (socket.connected) {
      socket.disconnect();
      // At the end everybody is called back at once, and nobody comes back after it.
      setTimeout(() => !this.#isOver && socket.connect(), this.#random() * 800);
    }
  }

  #publishers() {
    const everyMs = (1_000 * this.size.publishers) / this.size.perSecond;
    return Array.from({ length: this.size.publishers }, async (_, number) => {
      for (let n = 0; !this.#isOver; n++) {
        await this.#publish(`publisher ${number}, ${n}`);
        await pause(everyMs * (0.5 + this.#random()));
      }
    });
  }

  // Publishes until it is answered: what was cut off is repeated under the same key, on any of the servers.
  async #publish(title) {
    const world = this.#world;
    const [to, readers] = AUDIENCES[Math.floor(this.#random() * AUDIENCES.length)](world);
    for (let tries = 0; tries < PUBLISH_TRIES; tries++) {
      const server = this.servers[Math.floor(this.#random() * this.servers.length)];
      try {
        const answer = await fetch(`${server.url}/api/notifications`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${world.users.olga.token}`,
            'content-type': 'application/json',
            'idempotency-key': title,
          },
          body: JSON.stringify({ to, title }),
          signal: AbortSignal.timeout(PUBLISH_LIMIT_MS),
        });
        const body = await answer.json();
        if (answer.status === 201) {
          if (answer.headers.has('idempotent-replayed')) this.recorder.replayed++;
          this.recorder.answered.set(body.id, { title, readers });
          return;
        }
        this.recorder.refused++;
      } catch {
        // It was committed or not: nobody knows.
        this.recorder.cutOff++;
      }
      await pause(PUBLISH_AGAIN_MS);
    }
    throw new Error(`${title} was not answered in ${PUBLISH_TRIES} tries`);
  }

  // Waits until everybody has what their inbox holds.
  async #settle() {
    const { recorder } = this;
    const inboxes = new Map();
    for (const user of READERS) inboxes.set(user, await this.#inbox(user));
    const ids = new Map([...inboxes].map(([user, items]) => [user, items.map(({ id }) => id)]));
    const isSettled = () => recorder.clients.every((one) => recorder.lacking(one, ids.get(one.user)) === 0);
    await until(isSettled, QUIET_LIMIT_MS).catch(() => {});
    // What comes twice comes a moment later.
    await pause(500);
    return inboxes;
  }

  // Oldest first.
  async #inbox(user) {
    const items = [];
    let cursor = null;
    do {
      const query = `limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`;
      const page = await this.#world.get(`/api/notifications?${query}`, user);
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return items.reverse();
  }

  #counts() {
    const sum = (read) => this.recorder.clients.reduce((total, client) => total + read(client), 0);
    return {
      answered: this.recorder.answered.size,
      refused: this.recorder.refused,
      cutOff: this.recorder.cutOff,
      replayed: this.recorder.replayed,
      clients: this.recorder.clients.length,
      deliveries: sum(({ ids }) => ids.length),
      connects: sum(({ connects }) => connects),
      recovered: sum(({ recovered }) => recovered),
      kills: this.killed,
    };
  }

  #tell() {
    const { answered, clients } = this.recorder;
    const away = clients.filter(({ socket }) => !socket.connected).length;
    this.progress(
      `killed ${this.killed} of ${this.size.kills}, ${answered.size} publishes answered, ${away} of ${clients.length} clients away`,
    );
  }
}

// Closed by hand while it moves to a websocket, or while it still writes and may begin to, an engine ends in the very
// moment in which its last poll brings something. That the client keeps and hands out with the next CONNECT, without
// counting it: no server can know of that (docs/guarantees.md).
function mayEndInAMove({ upgrading, transport, writeBuffer }) {
  return upgrading || (transport.name === 'polling' && writeBuffer.length > 0);
}

// The same course for the same seed, as far as the machine allows (mulberry32).
function randomness(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// The line that everybody reads.
export function inOneLine(verdict) {
  const { lost, twice, outOfOrder, answered, cutOff, refused, replayed, clients, deliveries } = verdict;
  const { connects, recovered, kills } = verdict;
  return (
    `lost ${lost}, twice ${twice}, out of order ${outOfOrder} ` +
    `(${answered} publishes answered; repeated with their key: ${cutOff} cut off, ${refused} refused, of which ${replayed} ` +
    `had been committed; ${deliveries} deliveries to ${clients} clients; ` +
    `${connects} connects, ${recovered} of them recovered; ${kills} times kill -9)`
  );
}
