// config/nginx/atalaya.conf with a real nginx: what reaches Atalaya, what a client cannot forge, what the log
// must not hold, and the other way to serve the web application.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { until } from '../harness/process.mjs';
import { Nginx, withStaticRoot } from '../harness/nginx.mjs';
import { World } from '../harness/world.mjs';

describe('config/nginx/atalaya.conf', () => {
  const world = World.use({ nginx: true, settings: { ATALAYA_PING_INTERVAL_SECONDS: '1s' } });
  const through = 'nginx';

  world.test('passes nginx -t', () => world.nginx.check());

  world.test('API, health and deep links of the web application reach Atalaya', async () => {
    assert.equal((await world.request('GET', '/healthz', { through })).status, 200);
    assert.equal((await world.request('GET', '/readyz', { through })).status, 200);
    const me = await world.request('GET', '/api/auth/me', { as: 'luis', through });
    assert.equal(me.body.username, 'luis');
    const unknown = await world.request('GET', '/api/nothing/here', { as: 'luis', through });
    assert.equal(unknown.status, 404);
    assert.match(unknown.headers.get('content-type'), /^application\/problem\+json/);
    const page = await world.request('GET', '/sessions', { through, headers: { accept: 'text/html' } });
    assert.equal(page.status, 200);
    assert.match(page.body, /<!doctype html>/i);
  });

  world.test('a forged X-Forwarded-For is not believed', async () => {
    const extraHeaders = { 'X-Forwarded-For': '203.0.113.66', 'X-Real-IP': '203.0.113.66' };
    const record = await world.connect('luis', { through, extraHeaders });
    const { items } = await world.get('/api/sessions?active=true', 'luis');
    const session = items.find(({ socket_id }) => socket_id === record.socket.id);
    assert.match(session.ip_address, /^(127\.0\.0\.1|::1)$/);
  });

  world.test('the access log holds no session id and no token', async () => {
    const record = await world.connect('luis', { through, transports: ['polling'] });
    const { id } = record.socket.io.engine;
    record.socket.disconnect();
    await until(() => world.nginx.accessLog().includes('/socket.io/'), 5_000, 'a line in the access log');
    assert.ok(!world.nginx.accessLog().includes(id));
    assert.ok(!world.nginx.accessLog().includes('sid='));
  });

  for (const transports of [['websocket'], ['polling']]) {
    world.test(`heartbeats keep an idle connection over ${transports}`, async () => {
      const record = await world.connect('luis', { through, transports });
      let heartbeats = 0;
      record.socket.io.on('ping', () => (heartbeats += 1));
      await until(() => heartbeats >= 3, 10_000, 'three heartbeats');
      assert.equal(record.socket.connected, true);
      assert.equal(record.all('disconnect').length, 0);
    });
  }

  world.test('a message over the limit is refused by Atalaya and not by nginx', async () => {
    const record = await world.connect('luis', { through, transports: ['polling'], reconnection: false });
    const { id } = record.socket;
    record.socket.emit('read', { ids: [1], filler: 'x'.repeat(1_200_000) });
    await record.event('disconnect');
    const reason = await until(() => world.closing(id)?.disconnect_reason, 5_000, 'the row to be closed');
    assert.equal(reason, 'payload_too_large');
  });

  world.test(
    'when Atalaya is away nginx says so, and the client comes back by itself afterwards',
    async () => {
      const record = await world.connect('luis', { through });
      await world.atalaya.stop();
      assert.equal((await world.request('GET', '/api/auth/me', { through })).status, 502);
      await world.atalaya.start();
      await until(() => record.socket.connected, 15_000, 'the client to come back');
    },
  );
});

describe('the same with the web application in a folder', () => {
  const world = World.use();
  const through = 'nginx';

  before(async () => {
    const root = join(world.folder, 'www');
    mkdirSync(join(root, 'assets'), { recursive: true });
    writeFileSync(join(root, 'index.html'), '<!doctype html><title>from the folder</title>');
    writeFileSync(join(root, 'assets/app.js'), 'console.log("app");');
    world.nginx = await Nginx.start(world.folder, world.atalaya.port, (site) => withStaticRoot(site, root));
  });
  after(() => world.nginx?.stop());

  world.test('files, the fallback for deep links, and a plain 404 for a missing asset', async () => {
    const page = await world.request('GET', '/sessions/17', { through });
    assert.match(page.body, /from the folder/);
    assert.equal(page.headers.get('cache-control'), 'no-cache');
    const asset = await world.request('GET', '/assets/app.js', { through });
    assert.match(asset.headers.get('cache-control'), /immutable/);
    assert.equal((await world.request('GET', '/assets/gone.js', { through })).status, 404);
  });

  world.test('Socket.IO and the API still reach Atalaya', async () => {
    await world.connect('luis', { through });
    assert.equal((await world.get('/api/auth/me', 'luis', { through })).username, 'luis');
  });
});
