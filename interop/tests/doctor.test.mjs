// The doctor before servers that are not Atalaya: the Node `socket.io` server and python-socketio, each behind a
// real nginx, healthy and broken. It finds the rule at its line, and its probes agree with what socket.io-client sees.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { Server } from 'socket.io';
import { Atalaya } from '../harness/atalaya.mjs';
import { Program } from '../harness/process.mjs';
import { find, freePort, remove, REPOSITORY, temporaryFolder } from '../harness/place.mjs';
import { Postgres } from '../harness/postgres.mjs';
import { listens, probe, Site, SITE_FILE } from '../harness/site.mjs';

const PYTHON = join(REPOSITORY, 'target/interop-venv/bin/python');

// -- the servers --

class NodeServer {
  // `use(io)` makes it what it is besides a server that echoes.
  static async start(options = {}, use = () => {}) {
    const server = new NodeServer();
    server.port = await freePort();
    server.http = createServer((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"statusCode":404,"message":"Cannot GET"}');
    });
    server.io = new Server(server.http, options);
    server.io.on('connection', (socket) => {
      socket.on('echo', (text, answer) => answer?.(text.length));
    });
    use(server.io);
    await new Promise((resolve) => server.http.listen(server.port, '127.0.0.1', resolve));
    return server;
  }

  async stop() {
    this.http.closeAllConnections();
    await this.io.close();
  }
}

class PythonServer {
  static async start({ pingInterval = 25_000 } = {}) {
    assert.ok(existsSync(PYTHON), 'bash scripts/venv.sh makes it');
    const server = new PythonServer();
    server.port = await freePort();
    const script = join(REPOSITORY, 'interop/python/server.py');
    const args = [script, String(server.port), String(pingInterval / 1000)];
    server.program = new Program(PYTHON, args, { name: 'server.py' });
    await server.program.ready(() => listens(server.port));
    return server;
  }

  async stop() {
    await this.program.stop('SIGTERM', 3_000);
  }
}

// -- the sites --

const HEADERS = `
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";`;

const PAGE = `
    location / {
        root /srv/app;
        try_files $uri /index.html;
    }`;

const location = (pass, { headers = HEADERS, more = '', path = '/socket.io/' } = {}) => `
    location ${path} {
        proxy_pass ${pass};${headers}
        ${more}
    }`;

const server = (port, body) => `server {
    listen 127.0.0.1:${port};
    server_name localhost;${body}${PAGE}
}
`;

const upstream = (...lines) => `upstream app {
${lines.map((line) => `    ${line}`).join('\n')}
}
`;

// Each writes a site for a listening port and the ports of two back ends. `rule` is found at the first line with
// `at`; `breaks` says what a client cannot do.
const SITES = {
  'a healthy one': {
    write: (port, [a]) => server(port, location(`http://127.0.0.1:${a}`)),
  },
  'a healthy one with a map, keepalive and headers from the server block': {
    write: (port, [a]) =>
      'map $http_upgrade $connection_upgrade { default upgrade; "" ""; }\n' +
      upstream(`server 127.0.0.1:${a};`, 'keepalive 8;') +
      server(
        port,
        HEADERS.replace('"upgrade"', '$connection_upgrade') + location('http://app', { headers: '' }),
      ),
  },
  'a healthy one with two back ends by address': {
    write: (port, [a, b]) =>
      upstream('ip_hash;', `server 127.0.0.1:${a};`, `server 127.0.0.1:${b};`) +
      server(port, location('http://app')),
  },
  'a healthy one with a second slash, which these servers take': {
    write: (port, [a]) => server(port, location(`http://127.0.0.1:${a}/socket.io/`, { path: '/socket.io' })),
  },
  'no location': {
    write: (port) => server(port, ''),
    rule: 'no-location',
    at: 'try_files',
    breaks: ['polling', 'websocket'],
  },
  'no upgrade headers': {
    write: (port, [a]) =>
      server(
        port,
        location(`http://127.0.0.1:${a}`, { headers: '\n        proxy_set_header Host $http_host;' }),
      ),
    rule: 'upgrade-headers',
    at: 'proxy_pass',
    breaks: ['websocket'],
  },
  'Upgrade forced on everything': {
    write: (port, [a]) =>
      server(
        port,
        location(`http://127.0.0.1:${a}`, { headers: HEADERS.replace('$http_upgrade', 'websocket') }),
      ),
    rule: 'forced-upgrade',
    at: 'Upgrade websocket',
    breaks: ['polling'],
  },
  'a stripped path': {
    write: (port, [a]) => server(port, location(`http://127.0.0.1:${a}/`)),
    rule: 'path-rewritten',
    at: 'proxy_pass',
    breaks: ['polling', 'websocket'],
  },
  'another port': {
    write: (port, [, , dead]) => server(port, location(`http://127.0.0.1:${dead}`)),
    rule: 'wrong-address',
    at: 'proxy_pass',
    breaks: ['polling', 'websocket'],
  },
  'a body limit under maxPayload': {
    write: (port, [a]) =>
      server(port, location(`http://127.0.0.1:${a}`, { more: 'client_max_body_size 50k;' })),
    rule: 'body-limit',
    at: 'client_max_body_size',
    breaks: ['large'],
  },
  'two back ends without stickiness': {
    write: (port, [a, b]) =>
      upstream(`server 127.0.0.1:${a};`, `server 127.0.0.1:${b};`) + server(port, location('http://app')),
    rule: 'no-sticky-sessions',
    at: 'upstream app',
    breaks: ['polling'],
  },
  'cached polling': {
    write: (port, [a]) =>
      server(
        port,
        location(`http://127.0.0.1:${a}`, {
          more: `proxy_cache polls;
        proxy_cache_key $uri;
        proxy_cache_valid 200 30s;
        proxy_ignore_headers Cache-Control;`,
        }),
      ),
    rule: 'polling-cached',
    at: 'proxy_cache polls',
    breaks: ['polling', 'websocket'],
  },
};

// What socket.io-client can do at a site: 'polling', 'websocket' and a 'large' message, each for itself.
async function clientAt(url, options = {}) {
  const [polling, websocket] = await Promise.all([
    talks(url, { ...options, transports: ['polling'] }, 300_000),
    talks(url, { ...options, transports: ['websocket'] }, 10),
  ]);
  return { polling: polling !== 'nothing', websocket: websocket === 'all', large: polling === 'all' };
}

// 'all' if a message of so many characters is answered, 'some' if only a short one is, or 'nothing'. Twice, as two
// people do.
async function talks(url, options, length) {
  const one = await talk(url, options, length);
  const other = await talk(url, options, length);
  return [one, other].includes('nothing') ? 'nothing' : one;
}

async function talk(url, options, length) {
  const socket = io(url, { forceNew: true, reconnection: false, timeout: 5_000, ...options });
  try {
    await new Promise((resolve, reject) => {
      socket.on('connect', resolve);
      socket.on('connect_error', reject);
      socket.io.on('close', reject);
      setTimeout(reject, 6_000).unref();
    });
    const short = await socket.timeout(4_000).emitWithAck('echo', 'x');
    if (short !== 1) return 'nothing';
  } catch {
    socket.disconnect();
    return 'nothing';
  }
  try {
    const long = await Promise.race([
      socket.timeout(4_000).emitWithAck('echo', 'x'.repeat(length)),
      new Promise((resolve) => socket.on('disconnect', resolve)),
    ]);
    return long === length ? 'all' : 'some';
  } catch {
    return 'some';
  } finally {
    socket.disconnect();
  }
}

// What the probes say of the same.
function probesOf(report) {
  const ok = (step) => probe(report, `proxied ${step}`)?.ok === true;
  return { polling: ok('post') && ok('poll'), websocket: ok('websocket'), large: ok('large-message') };
}

const shown = ({ code, report }) =>
  `exit ${code}, ${JSON.stringify(report.findings.map(({ rule, severity, line, message }) => [rule, severity, line, message]))}\n` +
  report.probes.map(({ step, ok, detail }) => `${ok ? 'ok   ' : 'FAILS'} ${step}: ${detail}`).join('\n');

for (const [name, start] of [
  ['the Node server', (options) => NodeServer.start(options)],
  ['python-socketio', (options) => PythonServer.start(options)],
]) {
  describe(`the doctor before ${name}`, () => {
    const servers = [];
    let ports;

    before(async () => {
      servers.push(await start(), await start());
      ports = [...servers.map(({ port }) => port), await freePort()];
    });
    after(async () => {
      for (const server of servers) await server.stop();
    });

    for (const [title, { write, rule, at, breaks = [] }] of Object.entries(SITES)) {
      it(title, async () => {
        const site = await Site.start((port) => write(port, ports));
        try {
          const direct = `http://127.0.0.1:${ports[0]}`;
          const told = await site.doctor(['--direct', direct, '--namespace', '/']);
          const found = told.faults.map(({ rule, file, line }) => ({ rule, file, line }));
          const expected = rule ? [{ rule, file: SITE_FILE, line: site.line(at) }] : [];
          assert.deepEqual(found, expected, shown(told));
          assert.equal(told.code, rule ? 1 : 0);

          const sees = await clientAt(site.url);
          const broken = Object.keys(sees).filter((step) => !sees[step]);
          const lame = breaks.includes('polling') ? [...breaks, 'large'] : breaks;
          assert.deepEqual(broken.sort(), [...lame].sort(), `the client; ${shown(told)}`);
          assert.deepEqual(probesOf(told.report), sees, shown(told));
          const directly = told.report.probes.filter(({ step }) => step.startsWith('direct'));
          assert.ok(directly.length > 5 && directly.every(({ ok }) => ok), shown(told));
        } finally {
          await site.stop();
        }
      });
    }

    it('a read timeout is compared with the heartbeat that the server announces', async () => {
      const patient = await start({ pingInterval: 4_000 });
      const write = (seconds) => (port) =>
        server(
          port,
          location(`http://127.0.0.1:${patient.port}`, { more: `proxy_read_timeout ${seconds}s;` }),
        );
      const args = ['--direct', `http://127.0.0.1:${patient.port}`, '--namespace', '/', '--hold', '15'];
      try {
        for (const [seconds, faults] of [
          [2, ['read-timeout']],
          [20, []],
        ]) {
          const site = await Site.start(write(seconds));
          try {
            const told = await site.doctor(args);
            assert.deepEqual(told.rules, faults, shown(told));
            assert.equal(probe(told.report, 'direct held-poll').ok, true, shown(told));
            assert.equal(probe(told.report, 'proxied held-poll').ok, !faults.length, shown(told));
            if (faults.length) assert.equal(told.faults[0].line, site.line('proxy_read_timeout'));
          } finally {
            await site.stop();
          }
        }
      } finally {
        await patient.stop();
      }
    });

    it('a server that is down is told apart from a proxy that is wrong', async () => {
      const dead = ports[2];
      const site = await Site.start((port) => server(port, location(`http://127.0.0.1:${dead}`)));
      try {
        const told = await site.doctor(['--direct', `http://127.0.0.1:${dead}`, '--namespace', '/']);
        assert.deepEqual(told.rules, ['back-end-down'], shown(told));
      } finally {
        await site.stop();
      }
    });
  });
}

// -- what the server itself decides --

// Runs the doctor before a server behind a healthy nginx, and stops both.
async function examined(back, args, { isDirect = true, ...options } = {}) {
  let site;
  try {
    const where = `http://127.0.0.1:${back.port}`;
    site = await Site.start((port) => server(port, location(where, options)));
    const told = await site.doctor([...(isDirect ? ['--direct', where] : []), ...args]);
    return { ...told, site };
  } finally {
    await site?.stop();
    await back.stop();
  }
}

const NAMESPACE = ['--namespace', '/'];

describe('the doctor before servers that decide for themselves', () => {
  it('a server of another path is healthy if it is named, and else found', async () => {
    const options = { path: '/live/' };
    const told = await examined(await NodeServer.start(options), [...NAMESPACE, '--path', '/live'], options);
    assert.deepEqual(told.rules, [], shown(told));
    assert.ok(
      told.report.probes.every(({ ok }) => ok),
      shown(told),
    );

    const notTold = await examined(await NodeServer.start(options), NAMESPACE, options);
    assert.deepEqual(notTold.rules, ['back-end-elsewhere', 'no-location'], shown(notTold));
  });

  it('an origin that allowRequest refuses', async () => {
    for (const answer of [
      (callback, isAllowed) => callback(null, isAllowed),
      (callback, isAllowed) => callback(isAllowed ? null : 'not from there', isAllowed),
    ]) {
      const allowRequest = ({ headers: { origin } }, callback) =>
        answer(callback, !origin || origin === 'https://good.example');
      const told = await examined(await NodeServer.start({ allowRequest }), NAMESPACE);
      assert.deepEqual(told.rules, ['origin-refused'], shown(told));
      assert.equal(told.faults[0].file, null);
    }
  });

  it('a server that forbids whatever it is asked is no fault of the way', async () => {
    for (const isDirect of [true, false]) {
      const allowRequest = (request, callback) => callback(null, 'x-own-client' in request.headers);
      const told = await examined(await NodeServer.start({ allowRequest }), NAMESPACE, { isDirect });
      assert.deepEqual(told.rules, [], shown(told));
      const hints = told.report.findings.map(({ rule }) => rule);
      assert.ok(hints.includes('origin-refused'), shown(told));
    }
  });

  it('other pages in the list of `cors` do not keep the own page out', async () => {
    const cors = { origin: 'https://elsewhere.example' };
    const told = await examined(await NodeServer.start({ cors }), NAMESPACE);
    assert.deepEqual(told.rules, [], shown(told));
  });

  it('python-socketio compares the page with the host that nginx names', async () => {
    const headers = HEADERS.replace(/\n *proxy_set_header Host \$http_host;/, '');
    const told = await examined(await PythonServer.start(), NAMESPACE, { headers });
    assert.deepEqual(told.rules, ['origin-refused'], shown(told));
    assert.equal(told.faults[0].line, told.site.line('proxy_pass'));
    assert.match(told.faults[0].fix.description, /proxy_set_header Host \$http_host;/);
  });

  const KNOWN = (socket) => socket.handshake.auth.token === 'good';

  it('a token that a middleware refuses', async () => {
    const start = () =>
      NodeServer.start({}, (io) => {
        io.use((socket, next) => next(KNOWN(socket) ? undefined : new Error('unauthorized')));
      });
    for (const [token, rules] of [
      [['--token', 'bad'], ['token-refused']],
      [['--token', 'good'], []],
      // Without one, a refusal is what must come.
      [[], []],
    ]) {
      const told = await examined(await start(), [...NAMESPACE, ...token]);
      assert.deepEqual(told.rules, rules, shown(told));
    }
  });

  it('a server that lets everybody in first, and disconnects whom it does not know', async () => {
    for (const [isHard, delayMs, isDirect] of [
      [true, 0, true],
      [true, 30, false],
      [false, 0, false],
      [false, 30, true],
    ]) {
      const sendAway = (socket) => KNOWN(socket) || socket.disconnect(isHard);
      const start = () =>
        NodeServer.start({}, (io) => {
          io.on('connection', (socket) =>
            delayMs ? setTimeout(sendAway, delayMs, socket) : sendAway(socket),
          );
        });
      for (const [token, rules] of [
        [['--token', 'bad'], ['token-refused']],
        [['--token', 'good'], []],
        [[], []],
      ]) {
        const told = await examined(await start(), [...NAMESPACE, ...token], { isDirect });
        assert.deepEqual(told.rules, rules, `${[isHard, delayMs, isDirect, token]}; ${shown(told)}`);
      }
    }
  });
});

// -- Atalaya, with settings of its own --

describe('the doctor reads what Atalaya was told', () => {
  const ORIGIN = { extraHeaders: { Origin: 'http://apps.example.com' } };
  const NO_HOST = HEADERS.replace(/\n *proxy_set_header Host \$http_host;/, '');

  for (const [title, { told, rule, at, headers, more, path, client, breaks }] of Object.entries({
    'settings that fit': {
      told: ['socket_path = "/live/"', 'max_payload_bytes = 3000000', 'ping_interval_seconds = 50'],
      path: '/live/',
      more: 'client_max_body_size 4m;',
    },
    'a list of origins without the page, which nginx does not name': {
      told: ['allowed_origins = "https://old.example.com"'],
      headers: NO_HOST,
      client: ORIGIN,
      rule: 'origin-refused',
      at: 'allowed_origins',
      breaks: true,
    },
    'a list of origins without the page, which nginx names': {
      told: ['allowed_origins = "https://old.example.com"'],
    },
    'a path of its own': {
      told: ['socket_path = "/live/"'],
      rule: 'socket-path-differs',
      at: 'socket_path',
      breaks: true,
    },
    'a heartbeat that is slower than nginx waits': {
      told: ['ping_interval_seconds = 90'],
      rule: 'read-timeout',
      at: 'proxy_pass',
    },
    'messages that are larger than nginx takes': {
      told: ['max_payload_bytes = 3000000'],
      more: 'client_max_body_size 2m;',
      rule: 'body-limit',
      at: 'client_max_body_size',
    },
  })) {
    it(title, async () => {
      const folder = temporaryFolder();
      const config = join(folder, 'atalaya.toml');
      writeFileSync(config, ['# What Atalaya was told.', ...told, ''].join('\n'));
      const settings = { ATALAYA_CONFIG: config };
      const atalaya = await Atalaya.create(folder, `sqlite://${join(folder, 'atalaya.db')}`, settings);
      atalaya.addUser('ana', 'user', 'secret of ana, long enough');
      let site;
      try {
        await atalaya.start();
        site = await Site.start((port) => server(port, location(atalaya.url, { headers, more, path })));
        const args = ['--config', config, '--direct', atalaya.url, ...(path ? ['--path', path] : [])];
        // Below the site's root the file is looked for there.
        mkdirSync(join(site.root, folder), { recursive: true });
        copyFileSync(config, join(site.root, config));
        const inNginx = ['proxy_pass', 'client_max_body_size'].includes(at);
        for (const told of [await site.doctor([...args, '--offline']), await site.doctor(args)]) {
          const found = told.faults.map(({ rule, file, line }) => ({ rule, file, line }));
          const place = inNginx ? { file: SITE_FILE, line: site.line(at) } : { file: config, line: 2 };
          assert.deepEqual(
            found.filter(({ file }) => file),
            rule ? [{ rule, ...place }] : [],
            shown(told),
          );
        }
        const token = atalaya.token('ana');
        const options = { auth: { token }, path: path ?? '/socket.io/', transports: ['websocket'] };
        const socket = io(`${site.url}/notifications`, {
          ...options,
          ...client,
          reconnection: false,
          forceNew: true,
        });
        const connects = await new Promise((resolve) => {
          socket.on('connect', () => resolve(true)).on('connect_error', () => resolve(false));
        });
        socket.disconnect();
        assert.equal(connects, !breaks);
      } finally {
        await site?.stop();
        await atalaya.stop();
        remove(folder);
      }
    });
  }
});

// -- the row --

// A table of sessions as the story's server has it, in either database. `sql(text)` runs a statement in it.
const TABLES = {
  SQLite: async (folder) => {
    const file = join(folder, 'app.db');
    const sql = (text) => execFileSync(find('sqlite3'), ['-cmd', '.timeout 3000', file, text]);
    sql(`CREATE TABLE user_sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, socket_id TEXT,
      connected_at TEXT DEFAULT CURRENT_TIMESTAMP, is_active BOOLEAN DEFAULT 1)`);
    return { url: `sqlite://${file}`, sql, stop: () => {} };
  },
  PostgreSQL: async (folder) => {
    const postgres = await Postgres.start(folder);
    const url = postgres.createDatabase('app');
    const sql = (text) => postgres.query('app', text);
    sql(`CREATE TABLE user_sessions (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id integer,
      socket_id varchar(255) NOT NULL, connected_at timestamp DEFAULT now(), is_active boolean DEFAULT true)`);
    return { url, sql, stop: () => postgres.stop() };
  },
};

for (const [engine, open] of Object.entries(TABLES)) {
  describe(`the doctor looks for another server's row in ${engine}`, () => {
    let folder;
    let table;
    before(
      async () => {
        folder = temporaryFolder();
        table = await open(folder);
      },
      { timeout: 60_000 },
    );
    after(async () => {
      await table?.stop();
      remove(folder);
    });

    const insert = ({ id }) =>
      table.sql(`INSERT INTO user_sessions (user_id, socket_id) VALUES (1, '${id}')`);
    const close = ({ id }) =>
      table.sql(`UPDATE user_sessions SET is_active = FALSE WHERE socket_id = '${id}'`);
    const take = ({ id }) => table.sql(`DELETE FROM user_sessions WHERE socket_id = '${id}'`);

    for (const [title, onConnection, rules] of [
      ['no row', () => {}, ['row-not-written']],
      ['a row that nobody closes', insert, ['row-not-closed']],
      [
        'a row that is written and closed',
        (socket) => {
          insert(socket);
          socket.on('disconnect', () => close(socket));
        },
        [],
      ],
      [
        'a row that is written late, and taken away at the end',
        (socket) => {
          setTimeout(insert, 400, socket);
          socket.on('disconnect', () => setTimeout(take, 600, socket));
        },
        [],
      ],
    ]) {
      it(title, async () => {
        const back = await NodeServer.start({}, (io) => io.on('connection', onConnection));
        const args = [...NAMESPACE, '--token', 'any', '--database', table.url];
        const told = await examined(back, args);
        assert.deepEqual(told.rules, rules, shown(told));
        assert.equal(probe(told.report, 'proxied row').ok, !rules.includes('row-not-written'));
      });
    }

    it('a table of another name is no row, told in the words of the database', async () => {
      table.sql('ALTER TABLE user_sessions RENAME TO sessions');
      const back = await NodeServer.start();
      const told = await examined(back, [...NAMESPACE, '--token', 'any', '--database', table.url]);
      assert.deepEqual(told.rules, ['row-not-written'], shown(told));
      assert.match(told.faults[0].message, /user_sessions/);
    });
  });
}
