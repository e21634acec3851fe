// A real nginx with the repository's own config/nginx/atalaya.conf. Only addresses and the folder of the
// logs are replaced; whatever else is wrong in that file is wrong here too.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { Program } from './process.mjs';
import { find, freePort, REPOSITORY } from './place.mjs';

const SITE = join(REPOSITORY, 'config/nginx/atalaya.conf');

// Where nginx keeps what is too large for its memory, which is Debian's own folder otherwise.
export function temporaryPaths(folder) {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ');
}

// The same file with the web application served from `root` instead of by Atalaya.
export function withStaticRoot(site, root) {
  const proxied = /\n {4}location \/ \{\n {8}proxy_pass http:\/\/atalaya;\n {4}\}\n/;
  if (!proxied.test(site)) throw new Error('atalaya.conf: the proxied `location /` is not where it was');
  return site
    .replace(proxied, '\n')
    .replace(/^ {4}#(location|\}| {4})/gm, '    $1')
    .replaceAll('/var/www/atalaya', root);
}

export class Nginx {
  // `edit` may change the site's text before the addresses go in.
  static async start(parent, backendPort, edit = (site) => site) {
    const nginx = new Nginx(join(parent, 'nginx'), await freePort());
    nginx.#write(edit(readFileSync(SITE, 'utf8')), backendPort);
    nginx.check();
    nginx.program = new Program(find('nginx'), nginx.#arguments('daemon off;'), { name: 'nginx' });
    await nginx.program.ready(() => nginx.#answers());
    return nginx;
  }

  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
  }

  #write(site, backendPort) {
    mkdirSync(join(this.folder, 'tmp'), { recursive: true });
    writeFileSync(join(this.folder, 'atalaya.conf'), this.#withOurAddresses(site, backendPort));
    const main = `
      ${process.getuid() === 0 ? 'user root;' : ''}
      worker_processes 1;
      pid ${this.folder}/nginx.pid;
      error_log ${this.folder}/error.log;
      events { worker_connections 1024; }
      http {
        include /etc/nginx/mime.types;
        access_log off;
        ${temporaryPaths(`${this.folder}/tmp`)}
        include ${this.folder}/atalaya.conf;
      }`;
    writeFileSync(join(this.folder, 'nginx.conf'), main);
  }

  #withOurAddresses(site, backendPort) {
    const hasIpv6 = Object.values(networkInterfaces())
      .flat()
      .some(({ address }) => address === '::1');
    return site
      .replace('server 127.0.0.1:3001;', `server 127.0.0.1:${backendPort};`)
      .replace('listen 80;', `listen 127.0.0.1:${this.port};`)
      .replace('listen [::]:80;', hasIpv6 ? `listen [::1]:${this.port};` : '')
      .replaceAll('/var/log/nginx/', `${this.folder}/`);
  }

  #arguments(directives) {
    return ['-p', this.folder, '-c', join(this.folder, 'nginx.conf'), '-g', directives];
  }

  // `nginx -t`: throws with nginx's own words if the file is wrong.
  check() {
    execFileSync(find('nginx'), [...this.#arguments(''), '-t'], { stdio: 'pipe' });
  }

  async #answers() {
    return fetch(`http://127.0.0.1:${this.port}/healthz`).then(
      () => true,
      () => false,
    );
  }

  accessLog() {
    return readFileSync(join(this.folder, 'atalaya.access.log'), 'utf8');
  }

  async stop() {
    await this.program.stop('SIGTERM', 5_000);
  }
}
