// A world for one group of tests: a temporary folder, a database, Atalaya with four users in it, and nginx
// in front if asked. It is set up before the group's first test, and taken down after its last one whatever happened;
// a test that fails carries the end of the server's log with it.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, afterEach, before, it } from 'node:test';
import { Atalaya } from './atalaya.mjs';
import { CLIENTS, Record } from './clients.mjs';
import { Nginx } from './nginx.mjs';
import { find, remove, temporaryFolder } from './place.mjs';
import { Postgres } from './postgres.mjs';

export const STORY_SQL = `SELECT id, user_id, socket_id, connected_at, is_active
FROM user_sessions ORDER BY connected_at DESC;`;

const PEOPLE = { ana: 'admin', olga: 'operator', luis: 'user', marta: 'user' };

export class World {
  users = {}; // name -> { id, name, password, token }
  #sockets = [];

  // Registers the hooks with the group that is being described.
  static use(options = {}) {
    const world = new World();
    before(() => world.open(options), { timeout: 90_000 });
    afterEach(() => world.disconnectAll());
    after(() => world.close(), { timeout: 60_000 });
    return world;
  }

  async open({ database = 'sqlite', nginx = false, settings = {} }) {
    this.folder = temporaryFolder();
    this.database = database;
    try {
      await this.#openDatabase();
      this.atalaya = await Atalaya.create(this.folder, this.databaseUrl, settings);
      for (const [name, role] of Object.entries(PEOPLE)) this.addUser(name, role);
      if (nginx) {
        this.nginx = await Nginx.start(this.folder, this.atalaya.port);
        this.atalaya.environment.ATALAYA_PUBLIC_URL = this.origin('nginx');
      }
      await this.atalaya.start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #openDatabase() {
    if (this.database === 'sqlite') {
      this.databaseFile = join(this.folder, 'atalaya.db');
      this.databaseUrl = `sqlite://${this.databaseFile}`;
    } else {
      this.postgres = await Postgres.start(this.folder);
      this.databaseUrl = this.postgres.createDatabase('atalaya');
    }
  }

  async close() {
    await this.disconnectAll();
    await this.nginx?.stop();
    if (this.atalaya?.program) await this.atalaya.stop();
    await this.postgres?.stop();
    if (this.folder) remove(this.folder);
  }

  async disconnectAll() {
    for (const socket of this.#sockets.splice(0)) socket.disconnect();
  }

  // A test of this world.
  test(name, body) {
    it(name, async (context) => {
      try {
        await body(context);
      } catch (error) {
        const log = this.atalaya?.log.slice(-6_000);
        if (error instanceof Error) error.message += `\n--- the end of the server's log ---\n${log}`;
        throw error;
      }
    });
  }

  // -- people --

  addUser(name, role) {
    const password = `secret of ${name}, long enough`;
    const { id } = this.atalaya.addUser(name, role, password);
    this.users[name] = { id, name, password, token: this.atalaya.token(name) };
    return this.users[name];
  }

  // -- addresses --

  // Where clients connect: Atalaya itself, or the proxy.
  origin(through = 'direct') {
    return `http://localhost:${through === 'nginx' ? this.nginx.port : this.atalaya.port}`;
  }

  // -- sockets --

  // Opens a socket as `user` (a name, or null for no token at all) and returns its record. `onConnect` runs
  // inside the client's own connect handler: at that moment, not after it.
  openSocket(
    user,
    { client = '4.8', through, origin, namespace = '/notifications', onConnect, auth, ...options } = {},
  ) {
    const token = user ? this.users[user].token : undefined;
    const socket = CLIENTS[client](`${origin ?? this.origin(through)}${namespace}`, {
      auth: auth ?? (token ? { token } : {}),
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 250,
      ...options,
    });
    if (onConnect) socket.on('connect', () => onConnect(socket));
    return this.watch(socket);
  }

  // Records a socket that a test made itself, and closes it after the test.
  watch(socket) {
    this.#sockets.push(socket);
    return new Record(socket);
  }

  async connect(user, options) {
    const record = this.openSocket(user, options);
    await record.connected();
    return record;
  }

  // -- HTTP --

  async request(method, path, { as, body, through, headers = {} } = {}) {
    const response = await fetch(`${this.origin(through)}${path}`, {
      method,
      headers: {
        ...(as ? { authorization: `Bearer ${this.users[as].token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  async get(path, as, options = {}) {
    return (await this.request('GET', path, { as, ...options })).body;
  }

  // Publishes as the operator and returns the answer's body; anything but 201 fails the test.
  async publish(to, title, more = {}) {
    const answer = await this.request('POST', '/api/notifications', {
      as: 'olga',
      body: { to, title, ...more },
    });
    if (answer.status !== 201) throw new Error(`publish: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  publishTo(user, title, more) {
    return this.publish({ users: [this.users[user].id] }, title, more);
  }

  // -- the table --

  // The rows of a query, each an object of texts, as the database's own shell prints them. Synchronous, so
  // that a handler can look at what is committed at this very moment.
  sql(statement) {
    const csv =
      this.database === 'sqlite'
        ? execFileSync(find('sqlite3'), ['-readonly', '-csv', '-header', this.databaseFile, statement], {
            encoding: 'utf8',
          })
        : this.postgres.query('atalaya', statement);
    const [header, ...lines] = csv.trim().split(/\r?\n/);
    const names = (header ?? '').split(',');
    return lines.map((line) =>
      Object.fromEntries(line.split(',').map((value, i) => [names[i], value.replaceAll('"', '')])),
    );
  }

  // The story's query, verbatim, with is_active as a boolean whatever the engine prints.
  sessionRows() {
    return this.sql(STORY_SQL).map((row) => ({
      ...row,
      is_active: row.is_active === '1' || row.is_active === 't',
    }));
  }

  row(socketId) {
    return this.sessionRows().find((row) => row.socket_id === socketId);
  }

  // How the first row of a socket was closed: one that comes back as the same socket has another.
  closing(socketId) {
    const columns = 'is_active, disconnected_at, disconnect_reason';
    return this.sql(`SELECT ${columns} FROM user_sessions WHERE socket_id = '${socketId}' ORDER BY id;`)[0];
  }
}
