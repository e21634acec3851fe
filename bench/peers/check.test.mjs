// Holds a peer to the job of the benchmark with the public client, before it is measured: a peer that does
// less than it should would be fast for nothing. Reads URL, DATABASE_URL and JWT_SECRET; ROW=after says that
// the row comes after CONNECT. The database has users 1 to 100.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, test } from 'node:test';

const { URL, DATABASE_URL, JWT_SECRET, ROW = 'before' } = process.env;
const interop = createRequire(new globalThis.URL('../../interop/package.json', import.meta.url));
const node = createRequire(new globalThis.URL('./node/package.json', import.meta.url));
const { io } = interop('socket.io-client');
const jwt = interop('jsonwebtoken');
const database = new (node('pg').Client)(DATABASE_URL);
await database.connect();
await database.query('UPDATE users SET disabled = TRUE WHERE id = 99');
after(() => database.end());

const token = (id, expiresIn = '1h') => jwt.sign({}, JWT_SECRET, { subject: String(id), expiresIn });

function open(t, auth, options = {}) {
  const socket = io(`${URL}/notifications`, {
    auth,
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    ...options,
  });
  t.after(() => socket.disconnect());
  return socket;
}

const event = (socket, name) =>
  new Promise((resolve, reject) => {
    socket.once(name, resolve);
    AbortSignal.timeout(5000).addEventListener('abort', () => reject(new Error(`no ${name} within 5 s`)));
  });

async function connected(t, id, options) {
  const socket = open(t, { token: token(id) }, options);
  await Promise.race([
    event(socket, 'connect'),
    event(socket, 'connect_error').then((error) => Promise.reject(error)),
  ]);
  // Who is admitted after CONNECT joins their room after it too, and hears nothing before.
  if (ROW === 'after') await eventually('a row', () => row(socket.id));
  return socket;
}

async function row(socketId) {
  const { rows } = await database.query(
    `SELECT *, connected_at BETWEEN (now() AT TIME ZONE 'UTC') - interval '10 s' AND (now() AT TIME ZONE 'UTC') + interval '1 s' AS is_recent
     FROM user_sessions WHERE socket_id = $1`,
    [socketId],
  );
  assert.ok(rows.length <= 1, 'one row for a socket');
  return rows[0];
}

async function eventually(what, probe) {
  for (let tries = 0; tries < 100; tries++) {
    const found = await probe();
    if (found) return found;
    await sleep(50);
  }
  throw new Error(`not within 5 s: ${what}`);
}

const publish = (body, bearer = token(1)) =>
  fetch(`${URL}/api/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) },
    body: JSON.stringify(body),
  });

const stored = async () => Number((await database.query('SELECT count(*) FROM notifications')).rows[0].count);

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
  test(`a row is there ${ROW} CONNECT is heard, by ${transports.join(' then ')}`, async (t) => {
    const socket = await connected(t, 7, {
      transports,
      extraHeaders: { 'user-agent': 'the check' },
    });
    const found = await row(socket.id);
    assert.equal(Number(found.user_id), 7);
    assert.equal(found.is_active, true);
    assert.equal(found.ip_address.replace('::ffff:', ''), '127.0.0.1');
    assert.equal(found.user_agent, 'the check');
    assert.equal(found.is_recent, true);
    assert.equal(found.disconnected_at, null);
  });
}

for (const [who, auth] of [
  ['nobody', {}],
  ['a forged token', { token: jwt.sign({}, 'another secret', { subject: '7', expiresIn: '1h' }) }],
  ['an expired token', { token: token(7, '-1s') }],
  ['a user who does not exist', { token: token(12345678) }],
  ['a disabled user', { token: token(99) }],
]) {
  test(`${who} is refused, without a row`, async (t) => {
    const socket = open(t, auth);
    await event(socket, ROW === 'before' ? 'connect_error' : 'disconnect');
    await sleep(100);
    const { rows } = await database.query(
      'SELECT 1 FROM user_sessions WHERE socket_id = $1 OR user_id IN (99, 12345678)',
      [socket.id ?? ''],
    );
    assert.equal(rows.length, 0);
  });
}

test('whoever leaves has the row closed', async (t) => {
  const socket = await connected(t, 8);
  const { id } = socket;
  socket.disconnect();
  const closed = await eventually('a closed row', async () => {
    const found = await row(id);
    return found.is_active ? undefined : found;
  });
  assert.ok(closed.disconnected_at >= closed.connected_at);
});

test('whoever leaves while the row is being written leaves no open row', async (t) => {
  const sockets = Array.from({ length: 40 }, () => open(t, { token: token(9) }));
  for (const [n, socket] of sockets.entries()) {
    socket.io.engine.once('open', () => setTimeout(() => socket.disconnect(), n / 4));
  }
  await sleep(500);
  await eventually('no open row', async () => {
    const { rows } = await database.query('SELECT 1 FROM user_sessions WHERE user_id = 9 AND is_active');
    return rows.length === 0;
  });
});

test('a broadcast is stored once and reaches everyone', async (t) => {
  const sockets = await Promise.all([1, 2, 2, 3].map((id) => connected(t, id)));
  const before = await stored();
  const heard = sockets.map((socket) => event(socket, 'notification'));
  const answer = await publish({ to: { all: true }, title: 'to all', body: 'b' });
  assert.equal(answer.status, 201);
  const { id } = await answer.json();
  for (const item of await Promise.all(heard)) {
    assert.deepEqual([item.id, item.title, item.body], [id, 'to all', 'b']);
    assert.ok(Math.abs(Date.now() - Date.parse(item.created_at)) < 10_000);
  }
  assert.equal(await stored(), before + 1);
});

test('a notification to one user reaches all of their sockets and nobody else', async (t) => {
  const [first, second, other] = await Promise.all([4, 4, 5].map((id) => connected(t, id)));
  const wrong = [];
  other.on('notification', (item) => wrong.push(item));
  const before = await stored();
  const heard = [first, second].map((socket) => event(socket, 'notification'));
  assert.equal((await publish({ to: { users: [4] }, title: 'to one' })).status, 201);
  for (const item of await Promise.all(heard)) assert.equal(item.title, 'to one');
  await sleep(100);
  assert.deepEqual(wrong, []);
  assert.equal(await stored(), before);
});

test('who publishes needs a good token and a good body', async () => {
  assert.equal((await publish({ to: { all: true }, title: 'x' }, undefined)).status, 201);
  assert.equal((await publish({ to: { all: true }, title: 'x' }, null)).status, 401);
  assert.equal((await publish({ to: { all: true }, title: 'x' }, 'abc')).status, 401);
  assert.equal((await publish({ to: { all: true } })).status, 422);
});
