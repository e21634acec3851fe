// Connection state recovery as the unmodified client speaks it: a socket that was cut off comes back as the same
// socket, with what it missed, also from a server that was killed meanwhile. The cases of the public server's own test
// file, and those in which it fails.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../harness/process.mjs';
import { World } from '../harness/world.mjs';

// Cuts the transport as a network would, and waits until the client is back.
async function cut(record, meanwhile = async () => {}) {
  const before = record.all('connect').length;
  // Not so soon that nothing could be missed.
  record.socket.io.reconnectionDelay(400);
  record.socket.io.reconnectionDelayMax(400);
  record.socket.io.engine.close();
  await meanwhile();
  await until(() => record.all('connect').length > before, 30_000, 'the client to come back');
}

const lastSync = (record) => record.all('sync').at(-1)?.args[0];
const rowsOf = (world, id) =>
  world.sql(`SELECT id, is_active, recovered_from FROM user_sessions WHERE socket_id = '${id}' ORDER BY id;`);

for (const database of ['sqlite', 'postgres']) {
  describe(`recovery, on ${database}`, () => {
    const world = World.use({ database, nginx: true });

    // Every test starts with empty inboxes.
    const test = (name, body) =>
      world.test(name, async () => {
        for (const as of ['luis', 'marta'])
          await world.request('POST', '/api/notifications/read', { as, body: { all: true } });
        await body();
      });

    for (const options of [
      { transports: ['websocket'] },
      { transports: ['polling'] },
      { through: 'nginx' },
    ]) {
      test(`a cut: the same socket, and what it missed, with ${JSON.stringify(options)}`, async () => {
        const record = await world.connect('luis', options);
        const { socket } = record;
        assert.equal(socket.recovered, false);
        const { id } = socket;
        await world.publishTo('luis', 'before');
        await record.event('notification', ({ title }) => title === 'before');
        const subscribed = await socket.emitWithAck('subscribe', { topic: 'pumps' });
        assert.equal(subscribed.ok, true);
        const missed = ['to one', 'to a role', 'to a topic', 'to all'];
        await cut(record, async () => {
          await world.publishTo('luis', missed[0]);
          await world.publish({ roles: ['user'] }, missed[1]);
          await world.publish({ topic: 'pumps' }, missed[2]);
          await world.publish({ all: true }, missed[3]);
        });
        assert.equal(socket.recovered, true);
        assert.equal(socket.id, id);
        await record.event('notification', ({ title }) => title === 'to all');
        assert.deepEqual(record.titles().slice(-5), ['before', ...missed]);
        const [first, second] = rowsOf(world, id);
        assert.equal(second.recovered_from, first.id);
        const sync = await until(
          () => record.all('sync').length === 2 && lastSync(record),
          5_000,
          'the second sync',
        );
        assert.equal(sync.complete, true);
        assert.ok(sync.from < sync.to);
      });
    }

    test('again and again, also when no event had yet arrived', async () => {
      const record = await world.connect('marta', { transports: ['websocket'] });
      const { id } = record.socket;
      for (let round = 1; round <= 3; round++) {
        await cut(record);
        assert.equal(record.socket.recovered, true, `round ${round}`);
        assert.equal(record.socket.id, id);
      }
      await cut(record, () => world.publishTo('marta', 'the first of all'));
      await record.event('notification', ({ title }) => title === 'the first of all');
      assert.equal(record.socket.recovered, true);
      for (let round = 1; round <= 3; round++) {
        await cut(record, () => world.publishTo('marta', `missed ${round}`));
        await record.event('notification', ({ title }) => title === `missed ${round}`);
        assert.equal(record.socket.recovered, true);
      }
      assert.deepEqual(record.titles(), ['the first of all', 'missed 1', 'missed 2', 'missed 3']);
      const rows = rowsOf(world, id);
      assert.equal(rows.length, 8);
      for (const [at, row] of rows.slice(1).entries()) assert.equal(row.recovered_from, rows[at].id);
    });

    test('kill -9 of the server, twice: still the same socket', async () => {
      const record = await world.connect('luis', { transports: ['websocket'] });
      const { id } = record.socket;
      for (const title of ['after the first crash', 'after the second crash']) {
        const before = record.all('connect').length;
        await world.atalaya.stop('SIGKILL');
        await world.atalaya.start();
        await world.publishTo('luis', title);
        await until(() => record.all('connect').length > before, 15_000, 'the client to come back');
        await record.event('notification', (item) => item.title === title);
        assert.equal(record.socket.recovered, true, title);
        assert.equal(record.socket.id, id);
      }
      assert.equal(record.titles().length, 2);
    });

    test('a backlog that was cut off before its first event is sent again', async () => {
      await world.publishTo('luis', 'unread');
      const record = await world.connect('luis', { transports: ['websocket'] });
      await record.event('sync');
      const { socket } = record;
      // As if the cut had come before the event: the client has no offset yet.
      socket._lastOffset = undefined;
      await cut(record);
      assert.equal(socket.recovered, true);
      await until(() => record.titles().length === 2, 5_000, 'the event again');
    });

    test('a client that left by itself is another socket when it returns', async () => {
      const record = await world.connect('luis', { transports: ['websocket'] });
      const { socket } = record;
      const { id } = socket;
      await world.publishTo('luis', 'seen');
      await record.event('notification');
      socket.disconnect();
      await until(() => world.closing(id).disconnect_reason, 5_000, 'the row to be closed');
      await world.publishTo('luis', 'missed');
      socket.connect();
      await record.event('notification', ({ title }) => title === 'missed');
      assert.equal(socket.recovered, false);
      assert.notEqual(socket.id, id);
      assert.deepEqual(record.titles(), ['seen', 'missed']);
    });

    test('a pid gives nothing to another user, and one of nobody gives nothing', async () => {
      const luis = await world.connect('luis', { transports: ['websocket'] });
      const pid = luis.socket._pid;
      const { id } = luis.socket;
      await world.publishTo('luis', 'for luis alone');
      await luis.event('notification');
      for (const stolen of [pid, 'foo', `${world.users.marta.id}.foo.0`]) {
        const { token } = world.users.marta;
        const marta = world.openSocket('marta', { auth: { token, pid: stolen, offset: '0' } });
        await marta.connected();
        assert.equal(marta.socket.recovered, false);
        assert.notEqual(marta.socket.id, id);
        assert.notEqual(marta.socket._pid, stolen);
        await marta.event('sync');
        assert.deepEqual(marta.titles(), []);
      }
      assert.equal(luis.socket.connected, true, 'nobody was put out for it');
    });

    test('who was disabled while away stays out', async () => {
      const record = await world.connect('marta', { transports: ['websocket'] });
      record.socket.io.reconnectionDelay(400);
      record.socket.io.engine.close();
      world.atalaya.run(['user', 'disable', 'marta']);
      const error = await record.refused();
      assert.equal(error.data.code, 'token_revoked');
      world.atalaya.run(['user', 'enable', 'marta']);
    });

    test('a client that nobody missed yet leaves no second connection behind', async () => {
      const first = await world.connect('luis', { transports: ['websocket'], reconnection: false });
      const { id } = first.socket;
      const { token } = world.users.luis;
      const auth = { token, pid: first.socket._pid };
      const second = await world.connect('luis', { transports: ['websocket'], auth });
      assert.equal(second.socket.id, id);
      await first.event('disconnect');
      await until(
        () => world.closing(id).disconnect_reason === 'superseded',
        5_000,
        'the first row to be closed',
      );
      assert.deepEqual(
        world
          .sessionRows()
          .filter((row) => row.socket_id === id)
          .map((row) => row.is_active),
        [true, false],
      );
    });
  });

  describe(`recovery after its window, on ${database}`, () => {
    const world = World.use({ database, settings: { ATALAYA_RECOVERY_WINDOW_SECONDS: '1s' } });

    world.test('another socket, and what it missed', async () => {
      const record = await world.connect('luis', { transports: ['websocket'] });
      const { id } = record.socket;
      await world.publishTo('luis', 'seen');
      await record.event('notification');
      record.socket.io.reconnectionDelay(2_500);
      record.socket.io.reconnectionDelayMax(2_500);
      record.socket.io.randomizationFactor(0);
      record.socket.io.engine.close();
      await world.publishTo('luis', 'missed');
      await pause(2_000);
      await record.event('notification', ({ title }) => title === 'missed');
      assert.equal(record.socket.recovered, false);
      assert.notEqual(record.socket.id, id);
      assert.deepEqual(record.titles(), ['seen', 'missed']);
    });
  });
}
