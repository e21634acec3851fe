// Server-Sent Events through nginx, with a public client: as it comes, and after a server that was killed.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { EventSource } from 'eventsource';
import { until } from '../harness/process.mjs';
import { World } from '../harness/world.mjs';

for (const database of ['sqlite', 'postgres']) {
  describe(`a stream of events, on ${database}`, () => {
    const world = World.use({ database, nginx: true });

    const follow = (user) => {
      const { token } = world.users[user];
      const heard = [];
      const source = new EventSource(`${world.origin('nginx')}/api/notifications/stream`, {
        fetch: (url, init) =>
          fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
      });
      for (const name of ['notification', 'sync', 'session'])
        source.addEventListener(name, ({ data, lastEventId }) =>
          heard.push({ name, data: JSON.parse(data), lastEventId }),
        );
      return {
        source,
        all: (name) => heard.filter((event) => event.name === name),
        titles: () => heard.filter(({ name }) => name === 'notification').map(({ data }) => data.title),
      };
    };

    world.test('a notification comes at once, though a proxy stands between', async () => {
      const luis = follow('luis');
      try {
        await until(() => luis.all('sync').length === 1, 10_000, 'the replay to end');
        const { socket_id } = luis.all('session')[0].data;
        assert.equal(world.row(socket_id).is_active, true);
        const { id } = await world.publishTo('luis', 'Pump 3 has stopped');
        await until(() => luis.titles().length === 1, 5_000, 'the notification');
        assert.equal(luis.all('notification')[0].lastEventId, String(id));
      } finally {
        luis.source.close();
      }
      await until(() => !world.sessionRows().some((row) => row.is_active), 10_000, 'the row to be closed');
    });

    world.test(
      'killed and started again, the client comes back by itself and has each one once',
      async () => {
        await world.request('POST', '/api/notifications/read', { as: 'marta', body: { all: true } });
        const marta = follow('marta');
        try {
          await until(() => marta.all('sync').length === 1, 10_000, 'the replay to end');
          await world.publishTo('marta', 'before');
          await until(() => marta.titles().length === 1, 5_000, 'the notification');
          await world.atalaya.stop('SIGKILL');
          await world.atalaya.start();
          await world.publishTo('marta', 'after');
          await until(() => marta.all('sync').length === 2, 20_000, 'the client to come back');
          assert.equal(marta.all('sync')[1].data.complete, true);
          await until(() => marta.titles().includes('after'), 5_000, 'what came after');
          assert.deepEqual(marta.titles(), ['before', 'after']);
        } finally {
          marta.source.close();
        }
      },
    );
  });
}
