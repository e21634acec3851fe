// The deployment that the doctor was made for, alive: nginx, PM2, PostgreSQL, and a page in a browser, with the five
// mistakes by which no row ever came. The doctor names them, `--fix` mends them, the page is built again, and there is
// the row.

import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Atalaya, BINARY } from '../harness/atalaya.mjs';
import { launch } from '../harness/browser.mjs';
import { temporaryPaths } from '../harness/nginx.mjs';
import { freePort, remove, REPOSITORY, temporaryFolder } from '../harness/place.mjs';
import { Pm2 } from '../harness/pm2.mjs';
import { Postgres } from '../harness/postgres.mjs';
import { until } from '../harness/process.mjs';
import { NginxProcess, doctor, probe } from '../harness/site.mjs';
import { STORY_SQL } from '../harness/world.mjs';

// As `crates/doctor/tests/cases/story/case.toml` has them.
const MISTAKES = [
  ['api-elsewhere', '/etc/nginx/sites-enabled/apps', 7],
  ['no-location', '/etc/nginx/sites-enabled/apps', 12],
  ['conflicting-server-name', '/etc/nginx/sites-enabled/apps-old', 4],
  ['development-mode', '/srv/app/ecosystem.config.js', 7],
  ['logs-discarded', '/srv/app/ecosystem.config.js', 8],
  ['logs-discarded', '/srv/app/ecosystem.config.js', 9],
  ['development-mode', '/srv/app/ecosystem.config.js', 11],
  ['front-end-address', '/srv/app/.env.production', 2],
  ['front-end-address', '/srv/app/.env.production', 3],
  ['front-end-address', '/var/www/app/assets/index.js', 1],
  ['front-end-address', '/var/www/app/assets/index.js', 1],
];

const CLIENT = fileURLToPath(
  new URL('../node_modules/socket.io-client/dist/socket.io.min.js', import.meta.url),
);

const PAGE = `<!doctype html>
<title>Alerts</title>
<script src="/assets/socket.io.min.js"></script>
<script type="module">
  import { api, ws } from '/assets/index.js';
  fetch(\`\${api}/auth/me\`).then(({ status }) => (window.apiStatus = status), () => (window.apiStatus = 'nothing'));
  window.socket = io(\`\${ws}/notifications\`, { auth: { token: location.hash.slice(1) } });
  socket.on('connect', () => (window.state = 'connected'));
  socket.on('connect_error', ({ message }) => (window.state = message));
</script>
`;

// The application is Atalaya; npm's scripts start it as they would start a Nest application.
const MAIN = `const child = require('node:child_process').spawn(${JSON.stringify(BINARY)}, ['serve'], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill('SIGTERM'));
child.on('exit', (code) => process.exit(code ?? 1));
`;

describe('the story, from five mistakes to the row', () => {
  let tree;
  let postgres;
  let atalaya;
  let nginx;
  let pm2;
  let browser;
  let token;
  let origin;

  const path = (absolute) => join(tree, absolute);
  const text = (absolute) => readFileSync(path(absolute), 'utf8');

  before(
    async () => {
      tree = temporaryFolder();
      cpSync(join(REPOSITORY, 'crates/doctor/tests/cases/story'), tree, {
        recursive: true,
        verbatimSymlinks: true,
      });
      postgres = await Postgres.start(tree);
      atalaya = await Atalaya.create(path('/srv/app'), postgres.createDatabase('app'));
      atalaya.addUser('ana', 'admin', 'secret of ana, long enough');
      token = atalaya.token('ana');
      const port = await freePort();
      origin = `http://apps.example.com:${port}`;
      place(port);
      build();
      pm2 = new Pm2(tree, atalaya.environment);
      pm2.run('start', path('/srv/app/ecosystem.config.js'));
      await until(() => atalaya.isReady(), 30_000, 'the application to be ready under PM2');
      nginx = await NginxProcess.start(path('/etc/nginx'), tree, port);
      browser = await launch(tree, {
        // A firewall: from outside only the site's own port is open.
        [`apps.example.com:${port}`]: `127.0.0.1:${port}`,
        'apps.example.com': '127.0.0.1:1',
      });
    },
    { timeout: 120_000 },
  );

  after(
    async () => {
      await browser?.close();
      await nginx?.stop();
      pm2?.stop();
      await postgres?.stop();
      remove(tree);
    },
    { timeout: 60_000 },
  );

  // The files of the case with the addresses and folders of this run; each line stays where it is.
  function place(port) {
    const replacements = [
      ['listen 80;', `listen 127.0.0.1:${port};`],
      ['3001', String(atalaya.port)],
      ['"/srv/', `"${tree}/srv/`],
      [' /var/www/', ` ${tree}/var/www/`],
      [' /etc/nginx/', ` ${tree}/etc/nginx/`],
      ['http {', `http { access_log off; ${temporaryPaths(tree)}`],
    ];
    for (const file of filesBelow(path('/etc')).concat(filesBelow(path('/srv/app')))) {
      let content = readFileSync(file, 'utf8');
      for (const [from, to] of replacements) content = content.replaceAll(from, to);
      writeFileSync(file, content);
    }
    for (const folder of ['dist', 'node_modules/.bin']) {
      mkdirSync(path(`/srv/app/${folder}`), { recursive: true });
    }
    writeFileSync(path('/srv/app/dist/main.js'), MAIN);
    writeFileSync(path('/srv/app/node_modules/.bin/nest'), '#!/bin/sh\nexec node dist/main\n');
    chmodSync(path('/srv/app/node_modules/.bin/nest'), 0o755);
    writeFileSync(path('/var/www/app/index.html'), PAGE);
    copyFileSync(CLIENT, path('/var/www/app/assets/socket.io.min.js'));
  }

  // What the front end's build makes of its environment.
  function build() {
    const value = (name) => text('/srv/app/.env.production').match(new RegExp(`^${name}=(.*)$`, 'm'))[1];
    const built = `const api="${value('VITE_API_URL')}",ws="${value('VITE_WS_URL')}";\nexport{api,ws};\n`;
    writeFileSync(path('/var/www/app/assets/index.js'), built);
  }

  const examine = (...more) =>
    doctor([
      ...['--url', `${origin}/`, '--direct', atalaya.url, '--nginx', path('/etc/nginx/nginx.conf')],
      ...['--env', path('/srv/app/.env.production'), '--bundle', path('/var/www/app')],
      ...['--pm2', path('/srv/app/ecosystem.config.js'), ...more],
    ]);
  const live = () => ['--connect-to', `127.0.0.1:${nginx.port}`, '--token', token];
  const toTheRow = () => [...live(), '--database', atalaya.environment.DATABASE_URL];

  const placesOf = ({ faults }) =>
    faults.map(({ rule, file, line }) => [rule, file?.replace(tree, ''), line]).sort();

  const rows = () => postgres.query('app', STORY_SQL).trim().split('\n').slice(1);

  // A person opens the page: how far they come.
  async function visit() {
    const page = await (await browser.newContext()).newPage();
    try {
      await page.goto(`${origin}/#${token}`);
      await page.waitForFunction(() => window.state && window.apiStatus, null, { timeout: 15_000 });
      return await page.evaluate(() => ({ state, api: apiStatus, id: socket.id }));
    } finally {
      await page.context().close();
    }
  }

  it('the page opens, nobody is connected, and the table stays empty', async () => {
    const { state, api } = await visit();
    assert.notEqual(state, 'connected');
    assert.equal(api, 'nothing');
    assert.deepEqual(rows(), []);
  });

  it('the doctor finds all five mistakes, each at its line, and nothing else', async () => {
    for (const told of [await examine('--offline'), await examine(...toTheRow())]) {
      assert.deepEqual(placesOf(told), [...MISTAKES].sort(), JSON.stringify(told.report.findings, null, 1));
      assert.equal(told.report.findings.length, told.faults.length, 'no hints');
      assert.equal(told.code, 1);
    }
  });

  it('what is mended, built, loaded and started again works down to the row', async () => {
    const before = rows();
    const { faults } = await examine('--fix');
    const left = [...new Set(placesOf({ faults }).map(([, file]) => file))];
    assert.deepEqual(left, ['/var/www/app/assets/index.js'], 'what is built is for the build to mend');
    build();
    await nginx.reload();
    pm2.run('delete', 'all');
    pm2.run('start', path('/srv/app/ecosystem.config.js'));
    await until(() => atalaya.isReady(), 30_000, 'the application to be ready again');

    const { state, api, id } = await visit();
    assert.equal(state, 'connected');
    assert.equal(api, 401, 'the API answers at the address of the page');
    const row = rows().find((line) => line.includes(id));
    assert.ok(row, `a row for ${id}; there were ${before.length}, now:\n${rows().join('\n')}`);

    const told = await examine(...toTheRow());
    assert.deepEqual(told.report.findings, []);
    for (const step of ['proxied row', 'proxied row-closed']) {
      assert.equal(probe(told.report, step)?.ok, true, `${step}: ${JSON.stringify(told.report.probes)}`);
    }
    assert.equal(told.code, 0);
  });
});

function filesBelow(folder) {
  const found = readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
  return found.filter((file) => statSync(file).isFile());
}
