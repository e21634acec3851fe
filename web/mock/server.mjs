// An Atalaya made of memory, for developing the web application and for its tests: the HTTP routes and the
// socket that the page uses, with the same shapes, codes and refusals. It serves dist/ when there is one.
//
//   node mock/server.mjs [port]          every account's password is "atalaya"
//
// `control` (also POST /__mock) makes it misbehave: {"refuse": CODE|null}, {"api": "down"|"html"|null},
// {"drop": true}, {"publish": {…}}, {"expire": true}, {"role": [NAME, ROLE]}, {"disable": NAME}, {"forgetTopics": true},
// {"way": {status, type, body}|"no-websocket"|null} (what a proxy answers in the socket's place), {"health": "healthy"|"faulty"|"unset"|"missing"|"busy"|"sick"}.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from 'socket.io';
import { healthOf, walk } from './health.mjs';
import { seed } from './seed.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
// The server's own, so that what it would forbid fails here too.
const POLICY =
  "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'self'";
const REFUSALS = {
  token_missing: 'the handshake carries no token: connect with auth: { token }',
  token_invalid: 'the token is not valid: the signature does not match',
  token_expired: 'the token has expired: log in again',
  token_revoked: 'the user of this token is disabled',
  too_many_sessions: 'this user already has as many connections as are allowed',
  ledger_unavailable: 'the connection could not be recorded: try again in a moment',
  origin_denied: 'this origin is not allowed',
};

class Problem extends Error {
  constructor(status, code, detail, more = {}) {
    super(detail);
    this.body = { type: 'about:blank', title: code, status, code, detail, ...more };
  }
}

export async function startMock({ port = 0, host = '127.0.0.1', dist = null, pingInterval = 25_000 } = {}) {
  const world = new World();
  const http = createServer((request, response) => void answer(world, dist, request, response));
  const io = new Server(http, { serveClient: false, pingInterval });
  world.io = io;
  getInTheWay(world, http);
  io.of('/notifications').use((socket, next) => world.admit(socket, next));
  io.of('/notifications').on('connection', (socket) => world.connected(socket));
  await new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, resolve);
  });
  return {
    port: http.address().port,
    world,
    control: (what) => world.control(what),
    close: () => new Promise((resolve) => io.close(() => resolve())),
  };
}

/** Answers in the place of the socket, as a proxy does that is not set up for it. */
function getInTheWay(world, http) {
  const [asked, upgraded] = ['request', 'upgrade'].map((event) => http.listeners(event));
  http.removeAllListeners('request').removeAllListeners('upgrade');
  const isSocket = ({ url }) => url.startsWith('/socket.io/');
  http.on('request', (request, response) => {
    if (!isSocket(request) || world.way === null || world.way === 'no-websocket')
      return asked.forEach((listener) => listener.call(http, request, response));
    const { status, type = 'text/html', body = '', location } = world.way;
    response.writeHead(status, { 'content-type': type, ...(location ? { location } : {}) }).end(body);
  });
  http.on('upgrade', (request, socket, head) => {
    if (!isSocket(request) || world.way === null)
      return upgraded.forEach((listener) => listener.call(http, request, socket, head));
    const status = world.way.status ?? 400;
    socket.end(`HTTP/1.1 ${String(status)} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
}

class World {
  tokens = new Map();
  refuse = null;
  api = null;
  /** Grows with everything that changes a count. */
  version = 1;
  acknowledgements = new Map();
  /** By name: whether it is listed, from where each role may read it, and who is subscribed since when. */
  topics = new Map();
  scheduled = [];
  prunedUpTo = 0;
  health = 'healthy';
  way = null;
  startedAt = Date.now() - 403_000_000;
  #nextScheduled = 1;
  #nextToken = 1;
  #hintDue = false;

  constructor() {
    const data = seed(Date.now());
    this.users = data.users;
    this.sessions = data.sessions;
    this.refused = data.refused;
    for (const { name, listed, roles, subscribers } of data.topics)
      this.topics.set(name, {
        listed,
        from: Object.fromEntries(roles.map((role) => [role, 0])),
        since: new Map(subscribers.map((id) => [id, 0])),
      });
    this.notifications = [];
    this.targets = new Map();
    this.reads = new Map(data.users.map((user) => [user.id, new Map()]));
    this.archives = new Map(data.users.map((user) => [user.id, new Set()]));
    for (const { unread, ...item } of [...data.notifications].reverse()) {
      const kept = this.keep(item, { all: true });
      if (!unread) for (const reads of this.reads.values()) reads.set(kept.id, kept.created_at);
    }
  }

  // Notifications.

  keep(item, to) {
    const kept = { id: this.head() + 1, replaces: null, ...item };
    this.version++;
    this.notifications.push(kept);
    this.targets.set(kept.id, to);
    return kept;
  }

  isFor(item, user) {
    const to = this.targets.get(item.id);
    if (to.topic !== undefined) {
      const topic = this.topics.get(to.topic);
      const since = topic?.since.get(user.id) ?? Infinity;
      return item.id > Math.max(since, topic?.from[user.role] ?? Infinity);
    }
    return Boolean(to.all || to.roles?.includes(user.role) || to.users?.includes(user.id));
  }

  // Topics.

  topicsOf(user) {
    const staff = user.role !== 'user';
    const isSeen = ([, { listed, from, since }]) =>
      staff || since.has(user.id) || (listed && user.role in from);
    return [...this.topics].filter(isSeen).map(([name]) => this.topicSeenBy(name, user));
  }

  topicSeenBy(name, user) {
    const { listed, from, since } = this.topics.get(name);
    return {
      id: name,
      name,
      roles: ROLES.filter((role) => role in from),
      listed,
      subscribers: user.role === 'user' ? null : since.size,
      subscribed_since: since.get(user.id) ?? null,
    };
  }

  subscribe(name, user) {
    const topic = this.topics.get(name) ?? { listed: false, from: { ...EVERYBODY }, since: new Map() };
    const only = ROLES.filter((role) => role in topic.from).join(' or ');
    if (!(user.role in topic.from))
      throw new Problem(403, 'topic_restricted', `the topic is only for the role ${only}`);
    const before = topic.since.get(user.id);
    if (before !== undefined) return { status: 200, topic: name, since: before };
    if ([...this.topics.values()].filter(({ since }) => since.has(user.id)).length >= 50)
      throw new Problem(409, 'too_many_subscriptions', 'you are subscribed to 50 topics already');
    this.topics.set(name, topic);
    topic.since.set(user.id, this.head());
    this.moved([user]);
    return { status: 201, topic: name, since: this.head() };
  }

  unsubscribe(name, user) {
    const topic = this.topics.get(name);
    if (topic?.since.delete(user.id)) {
      if (!topic.listed && topic.since.size === 0) this.topics.delete(name);
      this.moved([user]);
    }
    return { status: 204 };
  }

  setTopic(name, roles) {
    const before = this.topics.get(name) ?? { from: {}, since: new Map() };
    const from = Object.fromEntries((roles ?? ROLES).map((role) => [role, before.from[role] ?? this.head()]));
    this.topics.set(name, { listed: true, from, since: before.since });
    this.moved(this.users.filter((user) => before.since.has(user.id)));
  }

  removeTopic(name) {
    const topic = this.topics.get(name);
    if (!topic) throw new Problem(404, 'not_found', 'No such topic.');
    this.topics.delete(name);
    this.moved(this.users.filter((user) => topic.since.has(user.id)));
    return { status: 204 };
  }

  userWith(id) {
    const user = this.users.find((known) => known.id === id);
    if (!user) throw new Problem(404, 'not_found', 'No such user.');
    return user;
  }

  /** What is theirs is something else now: each of their sockets is told. */
  moved(users) {
    this.version++;
    for (const user of users) {
      const mine = ([, { from, since }]) => since.has(user.id) && user.role in from;
      const topics = [...this.topics].filter(mine).map(([name]) => name);
      this.emitTo(user, 'membership', { role: user.role, topics });
      this.emitTo(user, 'inbox', inboxChange(this.unread(user)));
    }
  }

  seenBy(item, user) {
    const acknowledgements = this.acknowledgements.get(item.id) ?? [];
    const own = acknowledgements.find((one) => one.user.id === user.id);
    return {
      ...item,
      read_at: this.reads.get(user.id).get(item.id) ?? null,
      acknowledged_at: own?.at ?? null,
      acknowledgements,
    };
  }

  inbox(user, archived = false) {
    const away = this.archives.get(user.id);
    return this.notifications
      .filter((item) => this.isFor(item, user) && away.has(item.id) === archived)
      .map((item) => this.seenBy(item, user));
  }

  unread(user) {
    const unread = this.inbox(user).filter((item) => item.read_at === null).length;
    return { unread, unread_version: this.version, unread_position: this.head() };
  }

  head() {
    return this.notifications.at(-1)?.id ?? 4_800;
  }

  publish(request, publisher) {
    const errors = [];
    if (typeof request.title !== 'string' || request.title.trim() === '')
      errors.push({ field: 'title', message: 'must not be empty' });
    if (request.title?.length > 200)
      errors.push({ field: 'title', message: 'must have at most 200 characters' });
    if (request.link && !/^(https?:\/\/|\/)/.test(request.link))
      errors.push({ field: 'link', message: 'must be an http(s) address or a path' });
    if (errors.length > 0) throw new Problem(422, 'invalid_field', 'Some fields are not right.', { errors });
    const unknown = (request.to?.users ?? []).filter((id) => !this.users.some((user) => user.id === id));
    if (unknown.length > 0)
      throw new Problem(422, 'unknown_recipients', 'No such users.', { users: unknown });

    const { to, ...rest } = request;
    const item = this.keep(
      {
        body: null,
        severity: 'info',
        type: null,
        event: null,
        link: null,
        data: null,
        expires_at: null,
        requires_ack: false,
        ...rest,
        created_at: new Date().toISOString(),
        from: publisher ? { id: publisher.id, username: publisher.username } : null,
      },
      to,
    );
    const recipients = this.users.filter((user) => this.isFor(item, user));
    for (const user of recipients)
      this.emitTo(user, item.event ?? 'notification', this.seenBy(item, user), String(item.id));
    return { id: item.id, created_at: item.created_at, recipients: recipients.length };
  }

  markRead(user, selection) {
    const reads = this.reads.get(user.id);
    const wanted = (item) =>
      selection.all || selection.ids?.includes(item.id) || (selection.up_to && item.id <= selection.up_to);
    const read = this.inbox(user)
      .filter((item) => item.read_at === null && wanted(item))
      .map((item) => item.id);
    for (const id of read) reads.set(id, new Date().toISOString());
    const up_to = selection.ids ? null : (selection.up_to ?? this.head());
    this.version++;
    const unread = this.unread(user);
    this.emitTo(user, 'inbox', inboxChange(unread, { read, read_up_to: up_to }));
    return { read, up_to, ...unread };
  }

  archive(user, { ids }) {
    const away = this.archives.get(user.id);
    const archived = this.inbox(user)
      .map((item) => item.id)
      .filter((id) => ids.includes(id));
    for (const id of archived) away.add(id);
    this.version++;
    const unread = this.unread(user);
    this.emitTo(user, 'inbox', inboxChange(unread, { archived }));
    return { archived, ...unread };
  }

  unacknowledged(user) {
    const everything = [...this.inbox(user), ...this.inbox(user, true)];
    const items = everything.filter((item) => item.requires_ack && item.acknowledgements.length === 0);
    return { items: items.sort((a, b) => b.id - a.id) };
  }

  acknowledge(user, id) {
    const item = this.inbox(user).find((one) => one.id === id);
    if (!item) throw new Problem(404, 'not_found', 'No such notification.');
    const acknowledgements = this.acknowledgements.get(id) ?? [];
    const by = { user: { id: user.id, username: user.username }, at: new Date().toISOString() };
    this.acknowledgements.set(id, [...acknowledgements, by]);
    this.reads.get(user.id).set(id, by.at);
    this.version++;
    const unread = this.unread(user);
    this.emitTo(user, 'inbox', inboxChange(unread, { read: [id], acknowledged: [id] }));
    this.io.of('/notifications').emit('acknowledged', { id, ...by });
    return { id, acknowledged_at: by.at, acknowledgements: [...acknowledgements, by], ...unread };
  }

  recall(user, id) {
    const at = this.notifications.findIndex((one) => one.id === id);
    if (at === -1) throw new Problem(404, 'not_found', 'No such notification.');
    this.notifications.splice(at, 1);
    this.version++;
    this.io.of('/notifications').emit('removed', { ids: [id] });
    return { id, recalled_at: new Date().toISOString() };
  }

  schedule({ deliver_at, to, ...rest }, publisher) {
    const scheduled_id = this.#nextScheduled++;
    const created_at = new Date().toISOString();
    const roles = to.roles?.map((role) => `role:${role}`) ?? [];
    const users = to.users?.map((id) => `user:${String(id)}`) ?? [];
    const topics = to.topic === undefined ? [] : [`topic:${to.topic}`];
    const empty = { body: null, severity: 'info', type: null, link: null, expires_at: null };
    this.scheduled.unshift({
      ...empty,
      requires_ack: false,
      ...rest,
      scheduled_id,
      created_at,
      deliver_at,
      to: [...(to.all ? ['all'] : []), ...roles, ...topics, ...users],
      from: { id: publisher.id, username: publisher.username },
    });
    return { scheduled_id, created_at, deliver_at };
  }

  cancel(id) {
    this.scheduled = this.scheduled.filter((item) => item.scheduled_id !== id);
    return { status: 204 };
  }

  emitTo(user, ...event) {
    this.io
      .of('/notifications')
      .to(`user:${user.id}`)
      .emit(...event);
  }

  // Connections.

  admit(socket, next) {
    const { token } = socket.handshake.auth;
    const held = this.tokens.get(token);
    const unknown = token === undefined ? 'token_missing' : 'token_invalid';
    const code = this.refuse ?? (held ? (held.disabled ? 'token_revoked' : null) : unknown);
    if (code !== null) {
      this.refused.unshift(refusalOf(socket, code, this.refused[0].id + 1, held?.id ?? null));
      return next(Object.assign(new Error(REFUSALS[code] ?? code), { data: { code } }));
    }
    socket.data.user = held;
    next();
  }

  connected(socket) {
    const { user } = socket.data;
    const row = this.openSession(socket, user);
    socket.join(`user:${user.id}`);
    socket.emit('session', { id: row.id, socket_id: row.socket_id, connected_at: row.connected_at });
    socket.emit('inbox', inboxChange(this.unread(user)));
    const after = socket.handshake.auth.cursor ?? socket.handshake.auth.offset;
    const missed = this.inbox(user).filter((item) =>
      after === undefined ? item.read_at === null : item.id > Number(after),
    );
    for (const item of missed) socket.emit(item.event ?? 'notification', item, String(item.id));
    // What the mock knows of is all there is; one can make it say that it has lost something.
    const [from, complete] = [
      after === undefined ? null : Number(after),
      this.prunedUpTo <= Number(after ?? 0),
    ];
    socket.emit('sync', { from, to: this.head(), complete: from === null || complete });
    socket.on('watch', ({ sessions }, reply) => {
      socket.data.watching = sessions;
      reply?.({ ok: true });
    });
    socket.on('read', (selection, reply) => reply?.({ ok: true, ...this.markRead(user, selection) }));
    socket.on('disconnect', (reason) => {
      this.closeSession(
        row,
        reason === 'client namespace disconnect' ? 'client_disconnect' : 'transport_close',
      );
    });
  }

  openSession(socket, user) {
    const row = {
      id: Math.max(...this.sessions.map((known) => known.id)) + 1,
      user_id: user.id,
      socket_id: socket.id,
      connected_at: new Date().toISOString(),
      is_active: true,
      disconnected_at: null,
      disconnect_reason: null,
      last_seen_at: new Date().toISOString(),
      ip_address: socket.handshake.address,
      user_agent: socket.handshake.headers['user-agent'] ?? null,
      transport: socket.conn.transport.name,
      node: 'node-1',
      recovered_from: null,
    };
    this.sessions.push(row);
    this.hint();
    return row;
  }

  closeSession(row, reason) {
    const at = new Date().toISOString();
    Object.assign(row, {
      is_active: false,
      disconnected_at: at,
      disconnect_reason: reason,
      last_seen_at: at,
    });
    this.hint();
  }

  /** At most twice a second, as the server does. */
  hint() {
    if (this.#hintDue) return;
    this.#hintDue = true;
    setTimeout(() => {
      this.#hintDue = false;
      for (const socket of this.io.of('/notifications').sockets.values()) {
        if (!socket.data.watching) continue;
        socket.emit('sessions', {
          active: this.visible(socket.data.user).filter((row) => row.is_active).length,
        });
      }
    }, 500).unref();
  }

  visible(user) {
    return this.sessions.filter((row) => user.role === 'admin' || row.user_id === user.id);
  }

  named(row) {
    return { ...row, username: this.users.find((user) => user.id === row.user_id)?.username ?? null };
  }

  // Accounts.

  login({ username, password } = {}) {
    const user = this.users.find((known) => known.username === username);
    if (!user || password !== 'atalaya') throw new Problem(401, 'invalid_credentials', 'Wrong.');
    const access_token = `mock-${String(this.#nextToken++)}`;
    this.tokens.set(access_token, user);
    return { access_token, token_type: 'Bearer', expires_in: 43_200, user };
  }

  whoAsks(request) {
    const [scheme, token] = (request.headers.authorization ?? '').split(' ');
    if (scheme !== 'Bearer' || !token) throw new Problem(401, 'token_missing', 'Log in first.');
    const user = this.tokens.get(token);
    if (!user) throw new Problem(401, 'token_invalid', 'The token is not valid.');
    if (user.disabled) throw new Problem(401, 'token_revoked', 'The user is disabled.');
    return user;
  }

  control({
    refuse,
    api,
    drop,
    publish,
    expire,
    close,
    prunedUpTo,
    role,
    disable,
    forgetTopics,
    health,
    way,
  }) {
    if (way !== undefined) this.way = way;
    if (health !== undefined) this.health = health;
    if (prunedUpTo !== undefined) this.prunedUpTo = prunedUpTo;
    if (refuse !== undefined) this.refuse = refuse;
    if (api !== undefined) this.api = api;
    if (expire) this.tokens.clear();
    if (forgetTopics) this.topics.clear();
    if (role !== undefined) {
      const user = this.users.find(({ username }) => username === role[0]);
      user.role = role[1];
      this.moved([user]);
    }
    if (disable !== undefined) {
      const user = this.users.find(({ username }) => username === disable);
      user.disabled = true;
      this.io.of('/notifications').in(`user:${user.id}`).disconnectSockets(true);
    }
    if (drop) for (const socket of this.io.of('/notifications').sockets.values()) socket.conn.close();
    if (close) this.io.of('/notifications').disconnectSockets(true);
    return publish ? this.publish(publish, null) : { ok: true };
  }
}

function inboxChange(unread, change = {}) {
  return { ...unread, read: [], read_up_to: null, archived: [], acknowledged: [], ...change };
}

function refusalOf(socket, code, id, user_id) {
  return {
    id,
    refused_at: new Date().toISOString(),
    code,
    detail: REFUSALS[code] ?? null,
    ip_address: socket.handshake.address,
    user_agent: socket.handshake.headers['user-agent'] ?? null,
    origin: socket.handshake.headers.origin ?? null,
    namespace: socket.nsp.name,
    user_id,
    node: 'node-1',
    transport: socket.conn.transport.name,
  };
}

// HTTP.

const allow = (user, ...roles) => {
  if (!roles.includes(user.role)) throw new Problem(403, 'forbidden', 'Your role does not allow this.');
};

const ROLES = ['admin', 'operator', 'user'];
const EVERYBODY = { admin: 0, operator: 0, user: 0 };

const TOPIC_ROUTES = {
  'PUT ': ({ world, user, name, body }) => {
    allow(user, 'admin');
    world.setTopic(name, body.roles);
    return world.topicSeenBy(name, user);
  },
  'DELETE ': ({ world, user, name }) => {
    allow(user, 'admin');
    return world.removeTopic(name);
  },
  'PUT /subscription': ({ world, user, name }) => world.subscribe(name, user),
  'DELETE /subscription': ({ world, user, name }) => world.unsubscribe(name, user),
  'GET /subscriptions': ({ world, user, name, query }) => {
    allow(user, 'admin', 'operator');
    const since = world.topics.get(name)?.since ?? new Map();
    const subscribed = world.users.filter(({ id }) => since.has(id));
    return page(
      subscribed.map(({ id, username }) => ({ id, username })),
      query,
    );
  },
  'PUT /subscriptions/:id': ({ world, user, name, id }) => {
    allow(user, 'admin');
    return world.subscribe(name, world.userWith(id));
  },
  'DELETE /subscriptions/:id': ({ world, user, name, id }) => {
    allow(user, 'admin');
    return world.unsubscribe(name, world.userWith(id));
  },
};

/** A route below a topic: the method with what follows the name, the name, and the id at the end. */
function ofTopic(method, path) {
  const [, escaped, rest] = /^\/api\/topics\/([^/]+)(.*)$/.exec(path) ?? [];
  if (escaped === undefined) return null;
  const name = decodeURIComponent(escaped);
  const [below, id] = named(rest);
  const route = TOPIC_ROUTES[`${method} ${below}`];
  if (!route) return null;
  if (!/^[\w.-]{1,100}$/.test(name)) {
    const errors = [{ field: 'name', message: 'is not the name of a topic' }];
    throw new Problem(400, 'invalid_parameter', 'A parameter is not right.', { errors });
  }
  return { route, name, id };
}

const ROUTES = {
  'POST /api/auth/login': ({ world, body }) => world.login(body),
  'GET /api/auth/me': ({ user }) => user,
  'GET /api/health': ({ world, user, query }) => {
    allow(user, 'admin');
    if (world.health === 'missing')
      throw new Problem(404, 'unknown_route', 'there is nothing at /api/health');
    return healthOf(world, query.get('lang'));
  },
  'POST /api/health/way': async ({ world, user, query }) => {
    allow(user, 'admin');
    if (world.health === 'busy') throw new Problem(429, 'busy', 'An examination is under way.');
    await new Promise((resolve) => setTimeout(resolve, 600));
    return walk(world, query.get('lang'), 0);
  },
  'GET /api/users': ({ world, user, query }) => {
    allow(user, 'admin', 'operator');
    const q = (query.get('q') ?? '').toLowerCase();
    const found = world.users.filter((known) =>
      `${known.username} ${known.display_name ?? ''}`.toLowerCase().includes(q),
    );
    return page(found, query);
  },
  'GET /api/sessions': ({ world, user, query }) => {
    const rows = world.visible(user);
    const wanted = query.get('active') === 'true' ? rows.filter((row) => row.is_active) : rows;
    const newest = [...wanted].sort((a, b) => b.id - a.id).map((row) => world.named(row));
    return { ...page(newest, query), active: rows.filter((row) => row.is_active).length };
  },
  'GET /api/sessions/refused': ({ world, user, query }) => {
    allow(user, 'admin');
    return page(
      world.refused.map((row) => world.named(row)),
      query,
    );
  },
  'GET /api/notifications': ({ world, user, query }) => ({
    ...page(world.inbox(user, query.get('status') === 'archived').reverse(), query),
    ...world.unread(user),
    position: query.has('cursor') ? null : world.head(),
  }),
  'POST /api/notifications': ({ world, user, body }) => {
    allow(user, 'admin', 'operator');
    if (body.deliver_at) return { status: 202, ...world.schedule(body, user) };
    return { status: 201, ...world.publish(body, user) };
  },
  'GET /api/topics': ({ world, user, query }) => page(world.topicsOf(user), query),
  'GET /api/notifications/scheduled': ({ world }) => ({ items: world.scheduled, next_cursor: null }),
  'DELETE /api/notifications/scheduled/:id': ({ world, id }) => world.cancel(id),
  'GET /api/notifications/unacknowledged': ({ world, user }) => world.unacknowledged(user),
  'POST /api/notifications/:id/acknowledge': ({ world, user, id }) => world.acknowledge(user, id),
  'DELETE /api/notifications/:id': ({ world, user, id }) => world.recall(user, id),
  'POST /api/notifications/read': ({ world, user, body }) => world.markRead(user, body),
  'POST /api/notifications/archive': ({ world, user, body }) => world.archive(user, body),
};

/** A path with `:id` for the number in it, and that number. */
function named(path) {
  const id = /\/(\d+)(?=\/|$)/.exec(path)?.[1];
  return id === undefined ? [path, null] : [path.replace(`/${id}`, '/:id'), Number(id)];
}

/** The cursor is the id to go on below. */
function page(items, query) {
  const limit = Number(query.get('limit') ?? 50);
  const cursor = query.get('cursor');
  const at = items.findIndex((item) => String(item.id) === cursor);
  if (cursor !== null && !/^\d+$/.test(cursor) && at === -1)
    throw new Problem(400, 'invalid_cursor', 'Not a cursor.');
  const start = at + 1;
  const part = items.slice(start, start + limit);
  const more = start + limit < items.length;
  return { items: part, next_cursor: more ? String(part.at(-1).id) : null };
}

async function answer(world, dist, request, response) {
  const url = new URL(request.url, 'http://mock');
  try {
    if (url.pathname === '/__mock') return json(response, 200, world.control(await bodyOf(request)));
    if (!url.pathname.startsWith('/api/')) return file(dist, url.pathname, response);
    if (world.api === 'down')
      return void response.writeHead(502, { 'content-type': 'text/html' }).end('Bad Gateway');
    if (world.api === 'html') return file(dist, '/', response);
    const below = ofTopic(request.method, url.pathname);
    const [path, id] = below ? [url.pathname, below.id] : named(url.pathname);
    const route = below?.route ?? ROUTES[`${request.method} ${path}`];
    if (!route) throw new Problem(404, 'not_found', 'No such route.');
    const user = url.pathname === '/api/auth/login' ? null : world.whoAsks(request);
    const { status = 200, ...result } = await route({
      world,
      user,
      id,
      name: below?.name,
      query: url.searchParams,
      body: await bodyOf(request),
    });
    if (status === 204) return void response.writeHead(204).end();
    json(response, status, result);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    json(response, error.body.status, error.body, 'application/problem+json');
  }
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  if (chunks.length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Problem(400, 'invalid_json', 'The body is not JSON.');
  }
}

function json(response, status, body, type = 'application/json') {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}

function file(dist, path, response) {
  if (dist === null || !existsSync(dist))
    return void response.writeHead(404).end('no dist/ here: npm run build');
  const wanted = join(dist, normalize(path));
  const found = existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(dist, 'index.html');
  response.writeHead(200, {
    'content-type': TYPES[extname(found)] ?? 'application/octet-stream',
    'content-security-policy': POLICY,
  });
  createReadStream(found).pipe(response);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = fileURLToPath(new URL('../dist', import.meta.url));
  const { port } = await startMock({ port: Number(process.argv[2] ?? 3001), dist });
  console.log(`mock Atalaya at http://127.0.0.1:${String(port)} (user admin, password atalaya)`);
}
