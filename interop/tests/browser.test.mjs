// A real Chromium at http://apps.example.com, which is nginx: a person logs in, sees their own session
// and a notification arrive; and the story's second snippet runs there, letter by letter.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { launch } from '../harness/browser.mjs';
import { until } from '../harness/process.mjs';
import { World } from '../harness/world.mjs';

const packaged = (path) => readFileSync(new URL(`../node_modules/${path}`, import.meta.url), 'utf8');
const AXE = packaged('axe-core/axe.min.js');
const CLIENT = packaged('socket.io-client/dist/socket.io.min.js');

const ORIGIN = 'http://apps.example.com';

// As a field for date and time takes it.
const localTime = (at) => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

describe('in a browser, through nginx', () => {
  const world = World.use({ nginx: true });
  let browser;

  before(async () => {
    browser = await launch(world.folder, { 'apps.example.com:80': `127.0.0.1:${world.nginx.port}` });
  });
  after(() => browser?.close());

  // A fresh browser profile with one page, which notes every complaint of the page and every websocket.
  const visit = async (options = {}) => {
    const context = await browser.newContext({ locale: 'en-GB', baseURL: ORIGIN, ...options });
    const page = await context.newPage();
    const complaints = [];
    const sockets = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('websocket', (socket) => {
      const seen = { url: socket.url(), received: [] };
      socket.on('framereceived', ({ payload }) => seen.received.push(String(payload)));
      sockets.push(seen);
    });
    page.setDefaultTimeout(10_000);
    return { context, page, complaints, sockets };
  };

  const logIn = async (page, user) => {
    await page.goto('/');
    await page.locator('input[autocomplete="username"]').fill(user.name);
    await page.locator('input[autocomplete="current-password"]').fill(user.password);
    await page.locator('form button[type="submit"]').click();
    await page.locator('[data-testid="connection-state"][data-state="connected"]').first().waitFor();
  };

  // What the badge shows; it is not there when nothing is unread.
  const unread = async (page) => {
    // All at once: between a count and a read the badge may go.
    const [badge] = await page.locator('[data-testid="unread-badge"] [aria-hidden]').allTextContents();
    return badge ?? '0';
  };

  const ownRows = (page) => page.locator('[data-testid="session-row"][data-own="true"]');

  world.test('logs in, sees its own session, and a notification arrives through the websocket', async () => {
    const { context, page, complaints, sockets } = await visit();
    await logIn(page, world.users.luis);

    await page.locator('nav a[href="/sessions"]').click();
    const own = ownRows(page).first();
    await own.waitFor();
    const id = await own.getAttribute('data-session-id');
    const row = world.sessionRows().find((candidate) => candidate.id === id);
    assert.equal(row?.is_active, true);
    assert.equal(row.user_id, String(world.users.luis.id));

    await page.locator('nav a[href="/"]').click();
    const published = await world.publishTo('luis', 'Pump 3 has stopped', { severity: 'critical' });
    const item = page.locator(`[data-testid="notification"][data-id="${published.id}"]`);
    await item.waitFor();
    assert.match(await item.textContent(), /Pump 3 has stopped/);
    await until(async () => (await unread(page)) === '1', 5_000, 'the badge to say 1');

    await until(
      () => sockets.some(({ url }) => url.startsWith('ws://apps.example.com/socket.io/')),
      5_000,
      'a websocket',
    );
    const carried = () =>
      sockets.some(({ received }) => received.some((frame) => frame.includes('Pump 3 has stopped')));
    await until(carried, 5_000, 'the notification in a websocket frame');
    assert.deepEqual(complaints, []);

    await context.close();
    const upgraded = () => /"GET \/socket\.io\/" 101 /.test(world.nginx.accessLog());
    await until(upgraded, 5_000, 'the websocket in the access log of nginx');
    await until(
      () => !world.sessionRows().some((candidate) => candidate.is_active),
      5_000,
      'its rows to be closed',
    );
  });

  world.test("another person's session appears in the administrator's list, and goes", async () => {
    const { context, page } = await visit();
    await logIn(page, world.users.ana);
    await page.goto('/sessions');
    await ownRows(page).first().waitFor();
    const marta = await world.connect('marta');
    const { id } = world.row(marta.socket.id);
    const row = page.locator(`[data-testid="session-row"][data-session-id="${id}"]`);
    await row.waitFor();
    assert.match(await row.textContent(), /marta/);
    marta.socket.disconnect();
    await row.and(page.locator('[data-active="true"]')).waitFor({ state: 'detached' });
    await context.close();
  });

  world.test('two tabs: what is read in one is read in the other', async () => {
    const { context, page } = await visit();
    await world.request('POST', '/api/notifications/read', { as: 'luis', body: { all: true } });
    await logIn(page, world.users.luis);
    const other = await context.newPage();
    await other.goto('/');
    const { id } = await world.publishTo('luis', 'Read me');
    const selector = `[data-testid="notification"][data-id="${id}"]`;
    await page.locator(selector).waitFor();
    await other.locator(selector).waitFor();
    await until(async () => (await unread(other)) === '1', 5_000, 'the badge to say 1');
    await world.request('POST', `/api/notifications/${id}/read`, { as: 'luis' });
    for (const tab of [page, other]) {
      await until(async () => (await unread(tab)) === '0', 5_000, 'the badge to fall');
    }
    await context.close();
  });

  world.test(
    'what is archived in one tab goes in the other, and is found among what is archived',
    async () => {
      const { context, page, complaints } = await visit();
      await world.request('POST', '/api/notifications/read', { as: 'luis', body: { all: true } });
      await logIn(page, world.users.luis);
      const other = await context.newPage();
      await other.goto('/');
      const { id } = await world.publishTo('luis', 'Put me away');
      const item = (tab) => tab.locator(`[data-testid="notification"][data-id="${id}"]`);
      for (const tab of [page, other]) await item(tab).waitFor();
      await item(page).locator('button[aria-expanded]').click();
      await item(page).locator('[data-testid="archive"]').click();
      for (const tab of [page, other]) {
        await item(tab).waitFor({ state: 'detached' });
        assert.equal(await unread(tab), '0');
      }
      let reads = 0;
      other.on('request', (request) => (reads += request.url().includes('status=archived') ? 1 : 0));
      await other.getByRole('radio', { name: 'Archived' }).check();
      await item(other).waitFor();
      await pause(500);
      assert.equal(reads, 1, 'it is read once, and then when something changes');
      await other.getByRole('radio', { name: 'All', exact: true }).check();
      await item(other).waitFor({ state: 'detached' });
      assert.deepEqual(complaints, []);
      await context.close();
    },
  );

  world.test('what asks for it stands in front of everybody until one of them acknowledges it', async () => {
    const [luis, marta] = [await visit(), await visit()];
    await logIn(luis.page, world.users.luis);
    await logIn(marta.page, world.users.marta);
    const { id } = await world.publish({ all: true }, 'Gate 2 is open', { requires_ack: true });
    const inFront = ({ page }) =>
      page.locator(`[data-testid="front"] [data-testid="notification"][data-id="${id}"]`);
    for (const tab of [luis, marta]) await inFront(tab).waitFor();
    await inFront(luis).locator('[data-testid="acknowledge"]').click();
    for (const tab of [luis, marta]) {
      await inFront(tab).waitFor({ state: 'detached' });
      const item = tab.page.locator(`[data-testid="notification"][data-id="${id}"]`);
      assert.match(await item.locator('[data-testid="acknowledged-by"]').textContent(), /luis/);
    }
    // Who comes later sees it as well.
    await marta.page.reload();
    const item = marta.page.locator(`[data-testid="notification"][data-id="${id}"]`);
    assert.match(await item.locator('[data-testid="acknowledged-by"]').textContent(), /luis/);
    for (const { context, complaints } of [luis, marta]) {
      assert.deepEqual(complaints, []);
      await context.close();
    }
  });

  world.test('what its publisher recalls leaves the other tabs, and the badge falls', async () => {
    const [olga, luis] = [await visit(), await visit()];
    await world.request('POST', '/api/notifications/read', { as: 'luis', body: { all: true } });
    await logIn(olga.page, world.users.olga);
    await logIn(luis.page, world.users.luis);
    const { id } = await world.publish({ all: true }, 'A mistake');
    const item = ({ page }) => page.locator(`[data-testid="notification"][data-id="${id}"]`);
    await item(luis).waitFor();
    await until(async () => (await unread(luis.page)) === '1', 5_000, 'the badge to say 1');
    await item(olga).locator('button[aria-expanded]').click();
    assert.equal(await item(luis).locator('[data-testid="recall"]').count(), 0, 'it is not his own');
    await item(olga).locator('[data-testid="recall"]').click();
    await item(olga).locator('[data-testid="recall-yes"]').click();
    for (const tab of [olga, luis]) await item(tab).waitFor({ state: 'detached' });
    await until(async () => (await unread(luis.page)) === '0', 5_000, 'the badge to fall');
    for (const { context, complaints } of [olga, luis]) {
      assert.deepEqual(complaints, []);
      await context.close();
    }
  });

  world.test('what is scheduled is listed, and can be cancelled', async () => {
    const { context, page, complaints } = await visit();
    await logIn(page, world.users.olga);
    await page.locator('nav a[href="/send"]').click();
    await page.locator('input[value="all"]').check();
    await page.locator('[name="title"]').fill('Maintenance begins');
    await page.locator('[name="deliver_at"]').fill(localTime(Date.now() + 3_600_000));
    await page.locator('form button[type="submit"]').click();
    const item = page.locator('[data-testid="scheduled-item"]');
    await item.waitFor();
    assert.match(await item.textContent(), /Maintenance begins/);
    assert.equal(world.sql('SELECT id FROM scheduled_notifications').length, 1);
    await item.locator('[data-testid="cancel"]').click();
    await item.waitFor({ state: 'detached' });
    assert.equal(world.sql('SELECT id FROM scheduled_notifications').length, 0);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  const topic = (page, name) => page.locator(`[data-testid="topic"][data-name="${name}"]`);
  const openTopics = async (page) => {
    await page.locator('nav a[href="/topics"]').click();
    await page.locator('[data-testid="subscribe-form"]').waitFor();
  };
  const subscribe = async (page, name) => {
    await page.locator('[name="topic"]').fill(name);
    await page.locator('[data-testid="subscribe-form"] button').click();
  };

  world.test(
    'what is published to a topic comes to its subscribers, and leaves with the subscription',
    async () => {
      const { context, page, complaints } = await visit();
      await world.request('POST', '/api/notifications/read', { as: 'luis', body: { all: true } });
      await logIn(page, world.users.luis);
      const inbox = await context.newPage();
      await inbox.goto('/');
      await page.bringToFront();
      await openTopics(page);
      await subscribe(page, 'alerts.north');
      const row = topic(page, 'alerts.north');
      await row.and(page.locator('[data-subscribed="true"]')).waitFor();

      const { id, recipients } = await world.publish({ topic: 'alerts.north' }, 'Wind above 80 km/h');
      assert.equal(recipients, 1);
      const item = inbox.locator(`[data-testid="notification"][data-id="${id}"]`);
      await item.waitFor();
      for (const tab of [page, inbox])
        await until(async () => (await unread(tab)) === '1', 5_000, 'the badge to say 1');

      await row.locator('[data-testid="topic-toggle"]').click();
      assert.match(await row.locator('[data-testid="question"]').textContent(), /leaves your inbox/);
      await item.waitFor();
      await row.locator('[data-testid="question-yes"]').click();
      await row.waitFor({ state: 'detached' });
      await item.waitFor({ state: 'detached' });
      for (const tab of [page, inbox])
        await until(async () => (await unread(tab)) === '0', 5_000, 'the badge to fall');
      assert.deepEqual(world.sql('SELECT user_id FROM topic_subscriptions'), []);
      assert.deepEqual(complaints, []);
      await context.close();
    },
  );

  world.test('an administrator lists a topic, subscribes another, restricts it and removes it', async () => {
    const [ana, olga, luis] = [await visit(), await visit(), await visit()];
    await logIn(ana.page, world.users.ana);
    await logIn(olga.page, world.users.olga);
    await logIn(luis.page, world.users.luis);
    for (const { page } of [ana, olga, luis]) await openTopics(page);

    await ana.page.locator('[data-testid="new-topic-open"]').click();
    const form = ana.page.locator('[data-testid="new-topic"]');
    await form.locator('[name="new_topic"]').fill('night.shift');
    await form.locator('button[type="submit"]').click();
    const opened = topic(ana.page, 'night.shift').locator('[data-testid="topic-opened"]');
    await opened.getByRole('combobox').fill('olga');
    await opened.getByRole('option', { name: 'olga' }).click();
    await opened.locator('[data-testid="subscriber-add"]').click();
    await opened.locator(`[data-testid="subscriber"][data-id="${world.users.olga.id}"]`).waitFor();
    // Told at once, where she is.
    await topic(olga.page, 'night.shift').and(olga.page.locator('[data-subscribed="true"]')).waitFor();

    await opened.locator('input[value="user"]').uncheck();
    await opened.locator('[data-testid="topic-save"]').click();
    await opened.locator('[data-testid="topic-save"]').waitFor({ state: 'detached' });
    await subscribe(luis.page, 'night.shift');
    const refused = luis.page.locator('[data-testid="error"]');
    await refused.waitFor();
    assert.equal(await refused.getAttribute('data-code'), 'topic_restricted');

    // From the page, to the topic: whoever writes it is subscribed, too.
    await olga.page.locator('nav a[href="/send"]').click();
    await olga.page.locator('input[value="topic"]').check();
    await olga.page.locator('[name="topic"]').fill('night');
    await olga.page.getByRole('option', { name: /night\.shift/ }).click();
    await olga.page.locator('[name="title"]').fill('Handover at 22:00');
    await olga.page.locator('form button[type="submit"]').click();
    const result = olga.page.locator('[data-testid="send-result"][data-id]');
    await result.waitFor();
    assert.equal(await result.getAttribute('data-recipients'), '1');
    const sent = await result.getAttribute('data-id');
    await olga.page.locator('nav a[href="/"]').click();
    const item = olga.page.locator(`[data-testid="notification"][data-id="${sent}"]`);
    await item.waitFor();

    await opened.locator('[data-testid="topic-remove"]').click();
    await opened.locator('[data-testid="question-yes"]').click();
    await opened.waitFor({ state: 'detached' });
    await item.waitFor({ state: 'detached' });
    for (const { context, complaints } of [ana, olga]) {
      assert.deepEqual(complaints, []);
      await context.close();
    }
    await luis.context.close();
  });

  world.test('a long list of topics is read page by page', async () => {
    const { context, page, complaints } = await visit();
    const names = Array.from({ length: 60 }, (_, n) => `many.${n}`);
    for (const name of names)
      await world.request('PUT', `/api/topics/${name}`, { as: 'ana', body: { roles: null } });
    await logIn(page, world.users.luis);
    await openTopics(page);
    await topic(page, 'many.49').waitFor();
    assert.equal(await topic(page, 'many.59').count(), 0);
    await page.locator('[data-testid="load-more"]').click();
    await topic(page, 'many.59').locator('[data-testid="topic-toggle"]').click();
    await topic(page, 'many.59').and(page.locator('[data-subscribed="true"]')).waitFor();
    await page.getByRole('radio', { name: 'Subscribed' }).check();
    await topic(page, 'many.0').waitFor({ state: 'detached' });
    assert.equal(await page.locator('[data-testid="topic"]').count(), 1);
    for (const name of names) await world.request('DELETE', `/api/topics/${name}`, { as: 'ana' });
    await topic(page, 'many.59').waitFor({ state: 'detached' });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  world.test('who is disabled is cut off, and told why', async () => {
    const { context, page } = await visit();
    const eva = world.users.eva ?? world.addUser('eva', 'user');
    // What the page asks for by itself after it has connected must not be the first to be refused.
    const settled = page.waitForResponse((response) => response.url().endsWith('/api/auth/me'));
    await logIn(page, eva);
    await settled;
    world.atalaya.run(['user', 'disable', 'eva']);
    const problem = page.locator('[data-testid="connection-problem"][data-code="token_revoked"]');
    await problem.waitFor({ timeout: 20_000 });
    // The next thing that is asked for is refused as well, and that is the sign-in's affair.
    await page.locator('nav a[href="/topics"]').click();
    const notice = page.locator('[data-testid="login-notice"][data-code="token_revoked"]');
    await notice.waitFor();
    assert.match(await notice.textContent(), /administrator/);
    await context.close();
  });

  world.test(
    'says in words that it is offline while the server is away, and comes back by itself',
    async () => {
      const { context, page } = await visit();
      await logIn(page, world.users.luis);
      await world.atalaya.stop();
      const state = page.locator('[data-testid="connection-state"]').first();
      await until(
        async () => (await state.getAttribute('data-state')) !== 'connected',
        10_000,
        'the state to change',
      );
      assert.ok(((await state.textContent()) ?? '').trim().length > 3, 'in words');
      await world.atalaya.start();
      await page
        .locator('[data-testid="connection-state"][data-state="connected"]')
        .first()
        .waitFor({ timeout: 30_000 });
      await context.close();
    },
  );

  for (const locale of ['es-ES', 'en-GB']) {
    world.test(`speaks the browser's language: ${locale}`, async () => {
      const { context, page } = await visit({ locale });
      await page.goto('/');
      await page.locator('input[autocomplete="username"]').waitFor();
      const language = locale.slice(0, 2);
      assert.equal(await page.locator('html').getAttribute('lang'), language);
      const words = await page.locator('body').textContent();
      assert.match(words, language === 'es' ? /contraseña/i : /password/i);
      await context.close();
    });
  }

  world.test('an administrator has the way walked, through nginx down to the row', async () => {
    const { context, page } = await visit();
    await logIn(page, world.users.ana);
    await page.goto('/health');
    await page.locator('[data-testid="health-walk"]').click();
    await page.locator('[data-testid="health-verdict"][data-verdict="well"]').waitFor();
    const [{ walked }] = world.sql(
      "SELECT count(*) AS walked FROM user_sessions WHERE user_agent LIKE 'atalaya-doctor/%' AND is_active = FALSE;",
    );
    assert.ok(walked > 0, 'no row of the walk');
    assert.match(world.nginx.accessLog(), /"GET \/socket\.io\/" 101 /);
    await context.close();
  });

  for (const colorScheme of ['light', 'dark']) {
    world.test(`axe finds nothing to mend on the pages, ${colorScheme}`, async () => {
      const { context, page } = await visit({ colorScheme, reducedMotion: 'reduce' });
      await page.goto('/');
      await page.locator('input[autocomplete="username"]').waitFor();
      await judge(page, 'login');
      await logIn(page, world.users.ana);
      for (const path of ['/', '/sessions', '/topics', '/send', '/health']) {
        await page.goto(path);
        await page.locator('main').waitFor();
        await page.waitForLoadState('networkidle');
        await judge(page, path);
      }
      await context.close();
    });
  }

  const judge = async (page, where) => {
    // Through the debugger and not as a script tag, which the page's own policy rightly forbids.
    await page.evaluate(`${AXE}\n;undefined`);
    const { violations } = await page.evaluate(() =>
      globalThis.axe.run(document, { resultTypes: ['violations'] }),
    );
    const found = violations.map(
      ({ id, nodes }) => `${where}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
    );
    assert.deepEqual(found, []);
  };

  world.test('the story: its second snippet in a page of the same origin', async () => {
    const { context, page, sockets } = await visit();
    await page.goto('/');
    await page.evaluate(`${CLIENT}\n;undefined`);
    const id = await page.evaluate(async (token) => {
      const { io } = globalThis;
      const socket = io('http://apps.example.com/notifications', { auth: { token } });
      await new Promise((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
      return socket.id;
    }, world.users.luis.token);
    const row = world.row(id);
    assert.equal(row?.is_active, true);
    assert.equal(row.user_id, String(world.users.luis.id));
    await until(() => sockets.length > 0, 5_000, 'the upgrade to websocket');
    await context.close();
  });
});
