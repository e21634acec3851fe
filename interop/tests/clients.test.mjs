// Unmodified socket.io-client, newest and oldest supported, over each transport, directly and through nginx,
// on both databases; and the story's own snippets and query.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { io } from 'socket.io-client';
import { until } from '../harness/process.mjs';
import { World } from '../harness/world.mjs';

const TRANSPORTS = {
  websocket: ['websocket'],
  polling: ['polling'],
  upgrade: ['polling', 'websocket'],
};

async function becomesWebsocket(socket) {
  await until(() => socket.io.engine?.transport.name === 'websocket', 10_000, 'the upgrade');
}

async function isClosedWith(world, socketId, reason) {
  const row = await until(
    () => {
      const found = world.closing(socketId);
      return found?.disconnect_reason ? found : null;
    },
    10_000,
    `the row of ${socketId} to be closed`,
  );
  assert.match(row.is_active, /^[0f]$/);
  assert.equal(row.disconnect_reason, reason);
}

for (const database of ['sqlite', 'postgres']) {
  describe(`clients, on ${database}`, () => {
    const world = World.use({ database, nginx: true });

    for (const client of ['4.8', '4.0']) {
      for (const [name, transports] of Object.entries(TRANSPORTS)) {
        for (const through of ['direct', 'nginx']) {
          world.test(
            `socket.io-client ${client}, ${name}, ${through}: its row is committed when it hears "connect"`,
            async () => {
              const atConnect = [];
              const record = await world.connect('luis', {
                client,
                transports,
                through,
                onConnect: (socket) => atConnect.push(world.row(socket.id)),
              });
              const [row] = atConnect;
              assert.ok(row, 'no row at the moment of connect');
              assert.equal(row.user_id, String(world.users.luis.id));
              assert.equal(row.is_active, true);

              if (name === 'upgrade') await becomesWebsocket(record.socket);
              await world.publishTo('luis', `hello over ${name}`);
              await record.event('notification', ({ title }) => title === `hello over ${name}`);

              const { id } = record.socket;
              record.socket.disconnect();
              await isClosedWith(world, id, 'client_disconnect');
            },
          );
        }
      }
    }

    world.test('the story: directly, websocket only', async () => {
      const { port } = world.atalaya;
      const { token } = world.users.luis;
      const socket = io(`http://localhost:${port}/notifications`, {
        auth: { token },
        transports: ['websocket'],
      });
      await world.watch(socket).connected();
      assert.equal(world.row(socket.id)?.is_active, true);
    });

    world.test('the story: through the proxy, with the upgrade', async () => {
      const { port } = world.nginx;
      const { token } = world.users.luis;
      const socket = io(`http://localhost:${port}/notifications`, { auth: { token } });
      await world.watch(socket).connected();
      assert.equal(world.row(socket.id)?.is_active, true);
      await becomesWebsocket(socket);
    });

    world.test('the story: its query shows the newest connection first', async () => {
      const first = await world.connect('luis');
      await new Promise((resolve) => setTimeout(resolve, 5));
      const second = await world.connect('marta');
      const [newest, older] = world.sessionRows();
      assert.deepEqual(Object.keys(newest), ['id', 'user_id', 'socket_id', 'connected_at', 'is_active']);
      assert.equal(newest.socket_id, second.socket.id);
      assert.equal(newest.user_id, String(world.users.marta.id));
      assert.equal(older.socket_id, first.socket.id);
    });

    world.test('the API shows the row as the table has it, with who, from where and how', async () => {
      const record = await world.connect('luis', { transports: ['websocket'], through: 'nginx' });
      const { items, active } = await world.get('/api/sessions?active=true', 'ana');
      const session = items.find(({ socket_id }) => socket_id === record.socket.id);
      assert.ok(session, 'the session is not in the list');
      assert.equal(session.user_id, world.users.luis.id);
      assert.equal(session.username, 'luis');
      assert.equal(session.is_active, true);
      assert.equal(session.disconnected_at, null);
      assert.equal(session.transport, 'websocket');
      assert.match(session.ip_address, /^(127\.0\.0\.1|::1)$/);
      assert.match(session.connected_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(active >= 1);
    });

    world.test('a client that just vanishes has its row closed', async () => {
      const record = await world.connect('luis', { transports: ['websocket'], reconnection: false });
      const { id } = record.socket;
      record.socket.io.engine.transport.ws.terminate();
      const row = await until(
        () => world.closing(id)?.disconnect_reason && world.closing(id),
        10_000,
        'the row to be closed',
      );
      assert.match(row.disconnect_reason, /^transport_(close|error)$/);
    });

    world.test('the socket id does not open a transport', async () => {
      const { socket } = await world.connect('luis', { transports: ['polling'] });
      assert.notEqual(socket.id, socket.io.engine.id);
      const stolen = await world.request('GET', `/socket.io/?EIO=4&transport=polling&sid=${socket.id}`);
      assert.equal(stolen.status, 400);
    });
  });
}
