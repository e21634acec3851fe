// A site of somebody else's: a real nginx on a tree as below /etc, which the doctor reads as it stands.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { BINARY } from './atalaya.mjs';
import { temporaryPaths } from './nginx.mjs';
import { Program, until } from './process.mjs';
import { find, freePort, remove, temporaryFolder } from './place.mjs';

export const SITE_FILE = '/etc/nginx/sites-enabled/app';

export class Site {
  // `write(port)` answers the text of the site, which listens there.
  static async start(write) {
    const site = new Site(temporaryFolder(), await freePort());
    site.text = write(site.port);
    try {
      await site.#start();
      return site;
    } catch (error) {
      await site.stop();
      throw error;
    }
  }

  constructor(root, port) {
    this.root = root;
    this.port = port;
    this.url = `http://localhost:${port}`;
  }

  async #start() {
    const [prefix, own] = [join(this.root, 'etc/nginx'), join(this.root, 'own')];
    for (const folder of [join(prefix, 'sites-enabled'), join(this.root, 'srv/app'), own]) {
      mkdirSync(folder, { recursive: true });
    }
    writeFileSync(
      join(prefix, 'nginx.conf'),
      `worker_processes 1;
events { worker_connections 256; }
http {
    types { text/html html; }
    ${temporaryPaths(own)}
    proxy_cache_path ${own}/cache keys_zone=polls:1m;
    access_log off;
    include sites-enabled/*;
}
`,
    );
    writeFileSync(join(this.root, SITE_FILE), this.text.replaceAll('/srv/app', `${this.root}/srv/app`));
    writeFileSync(join(this.root, 'srv/app/index.html'), '<!doctype html><title>App</title>\n');
    this.nginx = await NginxProcess.start(prefix, own, this.port);
  }

  // The line of the site that has this text, counted from 1.
  line(text) {
    const index = this.text.split('\n').findIndex((line) => line.includes(text));
    if (index < 0) throw new Error(`no line of the site has ${text}`);
    return index + 1;
  }

  // `atalaya doctor` on this tree: its exit code and its report.
  doctor(args = []) {
    const files = ['--root', this.root, '--nginx', '/etc/nginx/nginx.conf', '--url', `${this.url}/`];
    return doctor([...files, ...args]);
  }

  async stop() {
    await this.nginx?.stop();
    remove(this.root);
  }
}

// nginx with the configuration in a folder; its log and its pid go to another.
export class NginxProcess {
  static async start(prefix, own, port) {
    const user = process.getuid() === 0 ? 'user root; ' : '';
    const globals = `${user}daemon off; pid ${own}/nginx.pid; error_log ${own}/error.log;`;
    const args = ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-g', globals];
    execFileSync(find('nginx'), [...args, '-t'], { stdio: 'pipe' });
    const nginx = new NginxProcess();
    nginx.port = port;
    nginx.errors = join(own, 'error.log');
    nginx.program = new Program(find('nginx'), args, { name: 'nginx' });
    await nginx.program.ready(() => listens(port));
    return nginx;
  }

  // Reads the configuration again; waits until the workers that had the former one are gone.
  async reload() {
    const workers = () => childrenOf(this.program.pid);
    const former = workers();
    this.program.signal('SIGHUP');
    const isNew = () => workers().length > 0 && !workers().some((pid) => former.includes(pid));
    await until(isNew, 10_000, () => `nginx to load its files again: ${readFileSync(this.errors, 'utf8')}`);
  }

  async stop() {
    await this.program.stop('SIGTERM', 5_000);
  }
}

const childrenOf = (pid) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);

export function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

// Its exit code and its report. Not synchronous: the server under examination may be this process.
export async function doctor(args) {
  const env = { PATH: process.env.PATH };
  const program = new Program(BINARY, ['doctor', '--format', 'json', ...args], { env, name: 'doctor' });
  const late = setTimeout(() => program.signal('SIGKILL'), 90_000);
  const { code } = await program.ended;
  clearTimeout(late);
  let report;
  try {
    report = JSON.parse(program.log);
  } catch {
    throw new Error(`the doctor ended with ${code} and said:\n${program.log}`);
  }
  const faults = report.findings.filter(({ severity }) => severity !== 'hint');
  return { code, report, faults, rules: faults.map(({ rule }) => rule) };
}

// The step of that name, if it was taken.
export function probe(report, step) {
  return report.probes.find((probe) => probe.step === step);
}
