// What is published arrives: live at every socket of each recipient, after an absence in order and before
// anything newer, and what one tab reads is read in the others.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { ask } from '../harness/clients.mjs';
import { World } from '../harness/world.mjs';

const read = (world, user, body, options) =>
  world.request('POST', '/api/notifications/read', { as: user, body, ...options });

for (const database of ['sqlite', 'postgres']) {
  describe(`delivery, on ${database}`, () => {
    const world = World.use({ database, nginx: true });

    // Every test starts with an empty inbox.
    const fresh = async (...users) => {
      for (const user of users) await read(world, user, { all: true });
    };

    world.test('arrives at every socket of each recipient and at nobody else', async () => {
      await fresh('luis', 'marta', 'ana');
      const sockets = {
        luisWebsocket: await world.connect('luis', { transports: ['websocket'] }),
        luisPolling: await world.connect('luis', { transports: ['polling'], through: 'nginx' }),
        luisOldClient: await world.connect('luis', { client: '4.0', through: 'nginx' }),
        marta: await world.connect('marta'),
        ana: await world.connect('ana'),
      };
      const to = { users: [world.users.luis.id, world.users.marta.id] };
      const published = await world.publish(to, 'pump 3 has stopped', {
        body: 'Pressure fell to 0.2 bar.',
        severity: 'critical',
        link: '/pumps/3',
        data: { pump: 3, nested: { ñ: ['é', '😀'] } },
      });
      assert.equal(published.recipients, 2);

      const { ana, ...recipients } = sockets;
      for (const record of Object.values(recipients)) {
        const [item] = await record.event('notification', ({ id }) => id === published.id);
        assert.equal(item.title, 'pump 3 has stopped');
        assert.equal(item.severity, 'critical');
        assert.equal(item.read_at, null);
        assert.deepEqual(item.data, { pump: 3, nested: { ñ: ['é', '😀'] } });
        assert.equal(item.from.username, 'olga');
      }
      await world.publish({ users: [world.users.ana.id] }, 'for ana');
      await ana.event('notification', ({ title }) => title === 'for ana');
      assert.deepEqual(ana.titles(), ['for ana']);
      for (const record of Object.values(recipients)) assert.equal(record.all('notification').length, 1);
    });

    world.test('reaches a role, and all', async () => {
      await fresh('luis', 'olga', 'ana');
      const [luis, olga] = [await world.connect('luis'), await world.connect('olga')];
      await world.publish({ roles: ['operator'] }, 'for operators');
      await world.publish({ all: true }, 'for all');
      await luis.event('notification', ({ title }) => title === 'for all');
      await olga.event('notification', ({ title }) => title === 'for all');
      assert.deepEqual(luis.titles(), ['for all']);
      assert.deepEqual(olga.titles(), ['for operators', 'for all']);
    });

    world.test(
      "comes under the publisher's own event name, for a front end that listens for it",
      async () => {
        await fresh('luis');
        const luis = await world.connect('luis');
        await world.publishTo('luis', 'order 17', { event: 'order:changed' });
        const [item] = await luis.event('order:changed');
        assert.equal(item.title, 'order 17');
      },
    );

    world.test('what came while away arrives on return, in order, before anything newer', async () => {
      await fresh('luis');
      const before = await world.connect('luis');
      before.socket.disconnect();
      const missed = Array.from({ length: 60 }, (_, i) => `missed ${i}`);
      for (const title of missed) await world.publishTo('luis', title);

      const record = world.openSocket('luis');
      const newer = [];
      for (let i = 0; i < 10; i += 1) {
        newer.push(`newer ${i}`);
        await world.publishTo('luis', `newer ${i}`);
      }
      await record.event('notification', ({ title }) => title === 'newer 9');
      assert.deepEqual(record.titles(), [...missed, ...newer]);
    });

    world.test(
      'with the position of a list as cursor, exactly what comes after that list arrives',
      async () => {
        await fresh('luis');
        await world.publishTo('luis', 'in the list');
        const { position, items } = await world.get('/api/notifications', 'luis');
        assert.equal(items[0].title, 'in the list');
        await world.publishTo('luis', 'after the list');
        const { token } = world.users.luis;
        const record = await world.connect('luis', { auth: { token, cursor: position } });
        await record.event('notification', ({ title }) => title === 'after the list');
        assert.deepEqual(record.titles(), ['after the list']);
      },
    );

    world.test('takes a batch through nginx, and answers line by line', async () => {
      await fresh('luis');
      const luis = await world.connect('luis', { through: 'nginx' });
      const to = { users: [world.users.luis.id] };
      const notifications = Array.from({ length: 400 }, (_, n) => ({ to, title: `line ${n + 1}` }));
      const lines = [...notifications, { to, title: '' }, { to, title: 'the last' }];
      const response = await world.request('POST', '/api/notifications/batch', {
        as: 'olga',
        through: 'nginx',
        headers: { 'content-type': 'application/x-ndjson' },
        body: lines.map((line) => JSON.stringify(line)).join('\n'),
      });
      assert.equal(response.status, 200);
      const results = response.body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.deepEqual(
        results.map(({ line, status }) => [line, status]),
        lines.map(({ title }, n) => [n + 1, title === '' ? 422 : 201]),
      );
      await luis.event('notification', ({ title }) => title === 'the last');
      const sent = lines.map(({ title }) => title).filter((title) => title !== '');
      assert.deepEqual(luis.titles().slice(-sent.length), sent);
    });

    world.test('tells each connection once who it is and how much is unread', async () => {
      await fresh('luis');
      await world.publishTo('luis', 'unread');
      const record = await world.connect('luis');
      const [session] = await record.event('session');
      assert.equal(session.socket_id, record.socket.id);
      assert.equal(String(session.id), world.row(record.socket.id).id);
      const [inbox] = await record.event('inbox');
      assert.equal(inbox.unread, 1);
      assert.equal(record.all('session').length, 1);
    });

    world.test('read over HTTP, the other tabs hear of it', async () => {
      await fresh('luis');
      const tabs = [await world.connect('luis'), await world.connect('luis', { through: 'nginx' })];
      const { id } = await world.publishTo('luis', 'to be read');
      for (const tab of tabs) await tab.event('notification', (item) => item.id === id);

      const answer = await world.request('POST', `/api/notifications/${id}/read`, { as: 'luis' });
      assert.equal(answer.status, 200);
      assert.equal(answer.body.unread, 0);
      for (const tab of tabs) {
        const [inbox] = await tab.event('inbox', ({ read }) => read.includes(id));
        assert.equal(inbox.unread, 0);
      }
      const { items } = await world.get('/api/notifications?status=unread', 'luis');
      assert.deepEqual(items, []);
    });

    world.test('read over the socket, with an acknowledgement, the other tab hears of it', async () => {
      await fresh('luis');
      const [here, there] = [await world.connect('luis'), await world.connect('luis')];
      const first = await world.publishTo('luis', 'first');
      const second = await world.publishTo('luis', 'second');
      await here.event('notification', ({ id }) => id === second.id);

      const { ok, read, unread } = await ask(here.socket, 'read', { ids: [first.id] });
      assert.deepEqual({ ok, read, unread }, { ok: true, read: [first.id], unread: 1 });
      await there.event('inbox', ({ read, unread }) => read.includes(first.id) && unread === 1);
      const all = await ask(here.socket, 'read', { all: true });
      assert.equal(all.unread, 0);
      await there.event('inbox', ({ unread, read }) => unread === 0 && read.includes(second.id));
    });

    world.test('list over the socket says what the list over HTTP says', async () => {
      await fresh('luis');
      const { socket } = await world.connect('luis');
      await world.publishTo('luis', 'in both');
      const answer = await ask(socket, 'list', { limit: 5 });
      const overHttp = await world.get('/api/notifications?limit=5', 'luis');
      assert.equal(answer.ok, true);
      assert.deepEqual(answer.items, overHttp.items);
      assert.equal(answer.unread, 1);
    });

    world.test('an event that does not exist, or with wrong arguments, is answered in words', async () => {
      const { socket } = await world.connect('luis');
      const unknown = await ask(socket, 'self-destruct', {});
      assert.equal(unknown.ok, false);
      assert.equal(unknown.error.code, 'unknown_event');
      const wrong = await ask(socket, 'read', { ids: 'seven' });
      assert.equal(wrong.ok, false);
      assert.ok(wrong.error.code && wrong.error.message);
      assert.equal(socket.connected, true, 'the connection lives');
    });

    world.test('a watching socket is told that the sessions changed', async () => {
      const ana = await world.connect('ana');
      assert.equal((await ask(ana.socket, 'watch', { sessions: true })).ok, true);
      await world.connect('luis');
      await ana.event('sessions', ({ active }) => active >= 2);
    });

    world.test('bad publishes are refused in words, and nothing is kept of them', async () => {
      const post = (body, as = 'olga') => world.request('POST', '/api/notifications', { as, body });
      const count = () => Number(world.sql('SELECT count(*) AS n FROM notifications;')[0].n);
      const before = count();

      const invalid = await post('{"to": ');
      assert.equal(invalid.status, 400);
      assert.equal(invalid.body.code, 'invalid_json');
      assert.match(invalid.headers.get('content-type'), /^application\/problem\+json/);
      const unknown = await post({ to: { users: [world.users.luis.id, 987654321] }, title: 'x' });
      assert.equal(unknown.status, 422);
      assert.equal(unknown.body.code, 'unknown_recipients');
      assert.deepEqual(unknown.body.users, [987654321]);
      const untitled = await post({ to: { all: true }, title: '' });
      assert.equal(untitled.status, 422);
      assert.equal(untitled.body.code, 'invalid_field');
      assert.equal((await post({ to: { all: true }, title: 'x' }, 'luis')).status, 403);
      assert.equal((await post({ to: { all: true }, title: 'x' }, null)).status, 401);
      assert.equal(count(), before);
    });

    world.test('`atalaya send` arrives like any other', async () => {
      await fresh('luis');
      const record = await world.connect('luis');
      world.atalaya.run(['send', '--to', 'user:luis', '--title', 'from a shell', '--severity', 'warning']);
      const [item] = await record.event('notification', ({ title }) => title === 'from a shell');
      assert.equal(item.severity, 'warning');
    });
  });
}
