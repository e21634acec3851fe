// What happens when Atalaya is stopped, killed or loses its database, seen by an unmodified client.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../harness/process.mjs';
import { World } from '../harness/world.mjs';

const activeRows = (world) => world.sessionRows().filter((row) => row.is_active);

for (const database of ['sqlite', 'postgres']) {
  describe(`stop and start, on ${database}`, () => {
    const world = World.use({ database, nginx: true });

    for (const signal of ['SIGTERM', 'SIGINT']) {
      world.test(`${signal} closes the rows, and the clients come back by themselves`, async () => {
        const records = [
          await world.connect('luis', { transports: ['websocket'] }),
          await world.connect('marta', { transports: ['polling'] }),
          await world.connect('ana', { through: 'nginx' }),
          await world.connect('olga', { client: '4.0', through: 'nginx' }),
        ];
        const ids = records.map(({ socket }) => socket.id);
        const ended = await world.atalaya.stop(signal);
        assert.equal(ended.code, 0);
        assert.ok(ended.tookMs < 10_000, `it took ${ended.tookMs} ms`);
        for (const id of ids) assert.equal(world.closing(id).disconnect_reason, 'server_shutdown');
        assert.deepEqual(activeRows(world), []);

        await world.atalaya.start();
        for (const record of records) {
          await until(() => record.socket.connected, 15_000, 'the client to come back by itself');
          assert.equal(world.row(record.socket.id)?.is_active, true);
        }
      });
    }

    world.test('killed, its rows are closed by its successor and nothing is lost', async () => {
      const record = await world.connect('luis', { transports: ['websocket'], reconnection: false });
      const { id } = record.socket;
      const published = await world.publishTo('luis', 'kept through the crash');
      await world.atalaya.stop('SIGKILL');
      assert.equal(world.row(id).is_active, true, 'nobody could close it');

      await world.atalaya.start();
      await until(
        () => world.closing(id).disconnect_reason === 'node_lost',
        5_000,
        'the row to be closed as node_lost',
      );
      assert.deepEqual(activeRows(world), []);
      const again = await world.connect('luis');
      await again.event('notification', (item) => item.id === published.id);
    });
  });
}

describe('a database that goes away', () => {
  const world = World.use({ database: 'postgres' });

  const refusedBy = async () => {
    const record = world.openSocket('luis', { reconnection: false });
    try {
      return await record.refused();
    } finally {
      record.socket.disconnect();
    }
  };

  world.test('nobody is told "connected", the server lives and says so, and recovers by itself', async () => {
    const settled = await world.connect('luis');
    await world.postgres.stop();
    const error = await refusedBy();
    assert.equal(error.data?.code, 'ledger_unavailable');
    assert.equal(settled.socket.connected, true, 'who is connected stays connected');

    const unready = await until(
      async () => {
        const answer = await world.request('GET', '/readyz');
        return answer.status === 503 ? answer : null;
      },
      10_000,
      '/readyz to be 503',
    );
    assert.equal(unready.body.status, 'unready');
    assert.notEqual(unready.body.checks.database, 'ok');
    assert.equal((await world.request('GET', '/healthz')).status, 200);
    const publish = await world.request('POST', '/api/notifications', {
      as: 'olga',
      body: { to: { all: true }, title: 'x' },
    });
    assert.equal(publish.status, 503);

    await world.postgres.start();
    await until(() => world.atalaya.isReady(), 20_000, '/readyz to be 200');
    const back = await world.connect('marta');
    assert.equal(world.row(back.socket.id)?.is_active, true);
    await world.publishTo('luis', 'after the outage');
    await settled.event('notification', ({ title }) => title === 'after the outage');
  });

  world.test('a socket that ends while the database is away has its row closed once it is back', async () => {
    const { socket } = await world.connect('luis', { transports: ['websocket'] });
    const { id } = socket;
    await world.postgres.stop();
    socket.disconnect();
    await pause(500);
    await world.postgres.start();
    const row = await until(
      () => world.closing(id)?.disconnect_reason && world.closing(id),
      60_000,
      'the row to be closed',
    );
    assert.equal(row.disconnect_reason, 'client_disconnect');
  });
});
