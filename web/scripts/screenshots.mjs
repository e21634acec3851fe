// Pictures of every page against the mock server, in both themes, both languages and two widths, and an
// accessibility check of each with axe. For looking at: node scripts/screenshots.mjs [folder] [filter]
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startMock } from '../mock/server.mjs';

const folder = process.argv[2] ?? 'screenshots';
const filter = process.argv[3] ?? '';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
/** As long as it takes until the page looks by itself. */
const LASTS_MS = 9_500;
const SHOTS = [
  { name: 'login', signedOut: true },
  { name: 'login-wrong', signedOut: true, act: wrongPassword },
  { name: 'inbox' },
  { name: 'inbox-open', act: openFirst },
  { name: 'inbox-arrival', act: arrival },
  { name: 'inbox-unread-none', act: readAll },
  { name: 'inbox-front', act: awaited },
  { name: 'inbox-acknowledged', act: acknowledged },
  { name: 'inbox-recall', act: recalling },
  { name: 'sessions', path: '/sessions' },
  { name: 'sessions-all', path: '/sessions', act: showAll },
  { name: 'refused', path: '/sessions/refused' },
  { name: 'topics', path: '/topics' },
  { name: 'topics-user', path: '/topics', user: 'lucia' },
  { name: 'topics-leave', path: '/topics', user: 'lucia', act: leaving },
  { name: 'topics-opened', path: '/topics', act: openTopic },
  { name: 'topics-operator', path: '/topics', user: 'marta', act: openTopic },
  { name: 'topics-remove', path: '/topics', act: removing },
  { name: 'topics-new', path: '/topics', act: newTopic },
  { name: 'topics-empty', path: '/topics', user: 'lucia', forgetTopics: true },
  { name: 'topics-none', path: '/topics', act: (page) => page.locator('[name=topic]').fill('nothing') },
  { name: 'topics-error', path: '/topics', user: 'omar', act: refusedTopic },
  { name: 'topics-name', path: '/topics', user: 'lucia', act: badTopicName },
  { name: 'topics-done', path: '/topics', user: 'lucia', act: subscribed },
  { name: 'topics-down', path: '/topics', act: downHere },
  { name: 'send', path: '/send', act: fillSend },
  { name: 'send-demoted', path: '/send', user: 'marta', act: demote },
  { name: 'topics-subscriber', path: '/topics', act: askToRemove },
  { name: 'send-topic', path: '/send', act: sendTopic },
  { name: 'send-scheduled', path: '/send', act: schedule },
  { name: 'send-errors', path: '/send', act: (page) => page.locator('form button[type=submit]').click() },
  { name: 'health', path: '/health' },
  { name: 'health-faulty', path: '/health', health: 'faulty' },
  { name: 'health-unset', path: '/health', health: 'unset' },
  {
    name: 'health-walking',
    path: '/health',
    act: (page) => page.locator('[data-testid=health-walk]').click(),
  },
  { name: 'health-sick', path: '/health', health: 'sick' },
  { name: 'health-busy', path: '/health', health: 'busy', act: walked },
  { name: 'health-missing', path: '/health', health: 'missing' },
  { name: 'health-down', path: '/health', act: healthDown },
  { name: 'health-denied', path: '/health', user: 'marta' },
  { name: 'account', act: (page) => page.locator('summary').click() },
  { name: 'down', act: down },
  { name: 'rule', act: inTheWay({ status: 404, body: '<h1>404 Not Found</h1>' }) },
  { name: 'rule-websocket', path: '/sessions', act: inTheWay('no-websocket') },
  { name: 'rule-none', act: unreached },
  { name: 'ledger-unavailable', refuse: 'ledger_unavailable' },
  { name: 'too-many', refuse: 'too_many_sessions', path: '/sessions' },
  { name: 'expired', act: expire },
  { name: 'disabled', path: '/topics', act: disable },
  { name: 'lost', path: '/no/such/page' },
];

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const dist = fileURLToPath(new URL('../dist', import.meta.url));
await mkdir(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: FLAGS,
});
let violations = 0;
for (const theme of ['light', 'dark']) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    // Each combination in one language, so that both are seen on both widths and in both themes.
    const language = (theme === 'light') === (size === 'desktop') ? 'en' : 'es';
    for (const shot of SHOTS) {
      const name = `${shot.name}-${theme}-${size}-${language}`;
      if (name.includes(filter)) await take(shot, { name, theme, viewport, language });
    }
  }
}
await browser.close();
console.log(`${String(violations)} accessibility violations`);
process.exitCode = violations > 0 ? 1 : 0;

async function take(shot, { name, theme, viewport, language }) {
  const mock = await startMock({ dist });
  const context = await browser.newContext({ viewport, deviceScaleFactor: 1, reducedMotion: 'reduce' });
  const { access_token: token } = mock.world.login({
    username: shot.user ?? 'admin',
    password: 'atalaya',
  });
  await context.addInitScript(
    (items) => {
      for (const [key, value] of Object.entries(items))
        if (localStorage.getItem(key) === null) localStorage.setItem(key, value);
    },
    {
      'atalaya.theme': theme,
      'atalaya.language': language,
      ...(shot.signedOut ? {} : { 'atalaya.token': token }),
    },
  );
  mock.control({
    refuse: shot.refuse ?? null,
    forgetTopics: shot.forgetTopics ?? false,
    health: shot.health ?? 'healthy',
  });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && report(name, message.text()));
  page.on('pageerror', (error) => console.log(`${name}: ${String(error)}`));
  await page.goto(`http://127.0.0.1:${String(mock.port)}${shot.path ?? '/'}`);
  await page.waitForTimeout(700);
  await shot.act?.(page, mock);
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${folder}/${name}.png` });
  await check(page, name);
  await context.close();
  await mock.close();
}

/** The browser itself reports failed requests; those are what some of these pictures are about. */
function report(name, text) {
  if (!/Failed to load resource|WebSocket connection/.test(text)) console.log(`${name}: ${text}`);
}

async function check(page, name) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => window.axe.run());
  violations += found.length;
  for (const { id, nodes } of found) {
    console.log(
      `${name}: ${id}: ${nodes
        .map((node) => node.target.join(' '))
        .join(', ')
        .slice(0, 200)}`,
    );
    console.log(`    ${nodes[0].failureSummary.split('\n').slice(1, 3).join(' ')}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) console.log(`${name}: ${String(wide)} px too wide`);
}

async function wrongPassword(page) {
  await page.locator('[name=username]').fill('admin');
  await page.locator('[name=password]').fill('wrong');
  await page.locator('form button').click();
}

async function openFirst(page) {
  await page.locator('[data-testid=notification] button.line').first().click();
}

async function arrival(page, mock) {
  mock.control({
    publish: {
      to: { all: true },
      title: 'Feeder 14 overloaded, 118 %',
      body: 'Load was shifted from feeder 12.',
      severity: 'critical',
      type: 'grid.overload',
    },
  });
  await page.waitForTimeout(300);
}

async function awaited(page, mock) {
  const asked = { to: { all: true }, requires_ack: true };
  const body = 'Vibration 7.9 mm/s, limit 7.1. It was stopped by its protection.';
  mock.control({ publish: { ...asked, title: 'Pump 3 has stopped', severity: 'critical', body } });
  mock.control({ publish: { ...asked, title: 'Gate 2 is open without a permit', severity: 'warning' } });
  await page.waitForTimeout(300);
}

async function acknowledged(page, mock) {
  await awaited(page, mock);
  await page.locator('[data-testid=acknowledge]').first().click();
  await page.waitForTimeout(300);
}

async function recalling(page) {
  await openFirst(page);
  await page.locator('[data-testid=recall]').first().click();
}

async function schedule(page) {
  await fillSend(page);
  await page.locator('[name=deliver_at]').fill('2030-01-31T22:00');
  await page.locator('[name=requires_ack]').check();
  await page.locator('form button[type=submit]').click();
  await page.waitForTimeout(300);
  await fillSend(page);
}

async function readAll(page) {
  await page.locator('[data-testid=mark-all-read]').click();
  await page.waitForTimeout(200);
  await page.locator('input[value=unread]').check();
}

async function showAll(page) {
  await page.locator('input[value=all]').check();
  await page.locator('[data-own=true] time').first().focus();
}

async function fillSend(page) {
  await page.locator('[data-testid=send-users]').fill('ma');
  await page.waitForTimeout(400);
  await page.keyboard.press('Enter');
  await page.locator('input[value=warning]').check();
  await page.locator('[name=title]').fill('Pump 3 vibrates above its limit');
  await page
    .locator('[name=body]')
    .fill('7.9 mm/s since 21:12, limit 7.1. Please have a look before the handover.');
  await page.locator('[name=link]').fill('https://grafana.example.com/d/pumps');
}

function topicRow(page, name) {
  return page.locator(`[data-testid=topic][data-name="${name}"]`);
}

async function leaving(page) {
  await topicRow(page, 'grid.north').locator('[data-testid=topic-toggle]').click();
}

async function openTopic(page) {
  await topicRow(page, 'night.shift').locator('[data-testid=topic-details]').click();
  await page.waitForTimeout(300);
}

async function removing(page) {
  await openTopic(page);
  await page.locator('[data-testid=topic-opened] input[value=user]').check();
  await page.locator('[data-testid=subscriber-remove]').first().click();
  await page.locator('[data-testid=question-no]').click();
  await page.locator('[data-testid=topic-remove]').click();
}

async function newTopic(page) {
  await page.locator('[name=topic]').fill('pumps.west');
  await page.locator('[data-testid=new-topic-open]').click();
  await page.locator('[data-testid=new-topic] input[value=user]').uncheck();
}

async function refusedTopic(page) {
  await page.locator('[name=topic]').fill('night.shift');
  await page.locator('[data-testid=subscribe-form] button').click();
  await page.waitForTimeout(300);
}

async function badTopicName(page) {
  await page.locator('[name=topic]').fill('Turno de noche');
  await page.locator('[data-testid=subscribe-form] button').click();
}

async function subscribed(page) {
  await page.locator('[name=topic]').fill('pumps.west');
  await page.locator('[data-testid=subscribe-form] button').click();
  await page.waitForTimeout(300);
}

async function downHere(page, mock) {
  mock.control({ api: 'down' });
  await topicRow(page, 'grid.south').locator('[data-testid=topic-toggle]').click();
  await page.waitForTimeout(300);
}

async function walked(page) {
  await page.locator('[data-testid=health-walk]').click();
  await page.waitForTimeout(300);
}

async function healthDown(page, mock) {
  mock.control({ api: 'down' });
  await walked(page);
}

async function demote(page, mock) {
  mock.control({ role: ['marta', 'user'] });
  await page.waitForTimeout(300);
}

async function askToRemove(page) {
  await openTopic(page);
  await page.locator('[data-testid=subscriber-remove]').last().click();
  await page.locator('[data-testid=topic-opened] [role=combobox]').fill('o');
  await page.waitForTimeout(400);
}

async function sendTopic(page) {
  await page.locator('input[value=topic]').check();
  await page.locator('[name=topic]').fill('grid.north');
  await page.locator('[name=title]').fill('Maintenance begins');
  await page.locator('[name=deliver_at]').fill('2030-01-31T22:00');
  await page.locator('form button[type=submit]').click();
  await page.waitForTimeout(300);
  await page.locator('[name=topic]').fill('gri');
  await page.waitForTimeout(300);
  await page.keyboard.press('ArrowDown');
}

async function down(page, mock) {
  mock.control({ api: 'down' });
  await mock.close();
  await page.waitForTimeout(1500);
}

function inTheWay(way) {
  return async (page, mock) => {
    mock.control({ way, drop: true });
    await page.waitForTimeout(way === 'no-websocket' ? 2_500 : LASTS_MS);
  };
}

async function unreached(page, mock) {
  await mock.close();
  await page.waitForTimeout(LASTS_MS);
}

async function disable(page, mock) {
  mock.control({ disable: 'admin' });
  await page.waitForTimeout(2500);
}

async function expire(page, mock) {
  mock.control({ refuse: 'token_expired', close: true });
  await page.waitForTimeout(2500);
}
