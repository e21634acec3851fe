// The files that go to a server with Atalaya, judged by the programs that read them: PM2 and systemd. And the
// files that say what is installed here.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BINARY, Atalaya } from '../harness/atalaya.mjs';
import { find, remove, REPOSITORY, temporaryFolder } from '../harness/place.mjs';
import { Pm2 } from '../harness/pm2.mjs';
import { until } from '../harness/process.mjs';

const require = createRequire(import.meta.url);
const text = (path) => readFileSync(join(REPOSITORY, path), 'utf8');

describe('config/pm2/ecosystem.config.js', () => {
  const file = join(REPOSITORY, 'config/pm2/ecosystem.config.js');
  let folder;
  let atalaya;
  let pm2;

  const log = () =>
    existsSync(join(folder, 'logs/atalaya.log'))
      ? readFileSync(join(folder, 'logs/atalaya.log'), 'utf8')
      : '';

  before(async () => {
    folder = temporaryFolder();
    for (const name of ['home', 'logs']) mkdirSync(join(folder, name));
    atalaya = await Atalaya.create(folder, `sqlite://${join(folder, 'atalaya.db')}`);
    pm2 = new Pm2(folder, {
      ...atalaya.environment,
      ATALAYA_BIN: BINARY,
      ATALAYA_HOME: join(folder, 'home'),
      ATALAYA_LOGS: join(folder, 'logs'),
    });
  });

  after(() => {
    try {
      pm2.stop();
    } finally {
      remove(folder);
    }
  });

  it('says production, one process, no watching', () => {
    const { apps } = require(file);
    assert.equal(apps.length, 1);
    const [app] = apps;
    assert.equal(app.env.NODE_ENV, 'production');
    assert.equal(app.args, 'serve');
    assert.equal(app.interpreter, 'none');
    assert.equal(app.exec_mode, 'fork');
    assert.equal(app.watch, false);
    assert.ok(app.kill_timeout > 10_000, 'longer than the grace period');
  });

  it('runs Atalaya in production mode, with its log captured', { timeout: 60_000 }, async () => {
    pm2.run('start', file);
    await until(
      () => atalaya.isReady(),
      20_000,
      () => `Atalaya under PM2 to be ready; its log:\n${log()}`,
    );
    const [running] = pm2.processes();
    assert.equal(running.pm2_env.status, 'online');
    const environment = readFileSync(`/proc/${running.pid}/environ`, 'utf8').split('\0');
    assert.ok(environment.includes('NODE_ENV=production'));
    await until(() => /listening/.test(log()), 5_000, 'the log to be captured');
    for (const line of log()
      .split('\n')
      .filter((line) => line.startsWith('{')))
      JSON.parse(line);
  });

  it('comes back after a crash, and stops in order', { timeout: 60_000 }, async () => {
    const [first] = pm2.processes();
    process.kill(first.pid, 'SIGKILL');
    const [second] = await until(
      () => {
        const found = pm2.processes();
        return found[0].pid && found[0].pid !== first.pid ? found : null;
      },
      20_000,
      'PM2 to start it again',
    );
    await until(() => atalaya.isReady(), 20_000, 'the second one to be ready');
    pm2.run('stop', 'atalaya');
    assert.ok(!existsSync(`/proc/${second.pid}`), 'it has ended');
    assert.equal(pm2.processes()[0].pm2_env.status, 'stopped');
  });
});

describe('config/systemd/atalaya.service', () => {
  it('is accepted by systemd', (context) => {
    let analyze;
    try {
      analyze = find('systemd-analyze');
    } catch {
      return context.skip('systemd-analyze is not here');
    }
    const folder = temporaryFolder();
    try {
      const unit = join(folder, 'atalaya.service');
      writeFileSync(unit, text('config/systemd/atalaya.service').replace('/usr/local/bin/atalaya', BINARY));
      const said = execFileSync(analyze, ['verify', '--man=no', unit], { encoding: 'utf8', stdio: 'pipe' });
      assert.equal(said.trim(), '');
    } finally {
      remove(folder);
    }
  });

  it('gives the drain its time, keeps the log and holds back what is not needed', () => {
    const unit = text('config/systemd/atalaya.service');
    const value = (name) => unit.match(new RegExp(`^${name}=(.*)$`, 'm'))?.[1];
    assert.ok(parseInt(value('TimeoutStopSec'), 10) > 10);
    assert.equal(value('Restart'), 'always');
    assert.equal(value('StandardError'), 'journal');
    assert.equal(value('LimitNOFILE'), '1048576');
    assert.equal(value('NoNewPrivileges'), 'yes');
    assert.equal(value('ProtectSystem'), 'strict');
    assert.ok(!/development|run dev/i.test(unit));
  });
});

describe('what is installed from where', () => {
  it('the lock files name no download address', () => {
    for (const path of ['web/package-lock.json', 'interop/package-lock.json']) {
      assert.ok(!text(path).includes('"resolved"'), path);
    }
    for (const path of ['web/.npmrc', 'interop/.npmrc'])
      assert.doesNotMatch(text(path), /registry\s*=/, path);
    assert.doesNotMatch(text('interop/python/requirements.txt'), /index-url|https?:/);
  });

  it('every version is exact', () => {
    const { devDependencies } = JSON.parse(text('interop/package.json'));
    for (const version of Object.values(devDependencies))
      assert.match(version, /^(npm:[\w.-]+@)?\d+\.\d+\.\d+$/);
    for (const line of text('interop/python/requirements.txt').split('\n')) {
      if (line && !line.startsWith('#')) assert.match(line, /^[\w.-]+==[\w.]+$/);
    }
  });
});
