// What a page finds out by itself: which rule an answer speaks for, and how the two requests are made.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Mock, startMock } from '../mock/server.mjs';
import { en } from '../src/i18n/en';
import { type Answer, examine, ruleOf, RULES } from '../src/live/examine';

const PAGE = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json';
const answer = (status: number, type = '', body = ''): Answer => ({ status, type, body });
const engine = (code: number, message: string) => answer(400, JSON_TYPE, JSON.stringify({ code, message }));
const page = (status: number) => answer(status, PAGE, '<!doctype html><h1>nginx</h1>');
const SESSION = answer(200, 'text/plain', '0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000}');

describe('the rules', () => {
  it('are the doctor’s, and have a sentence each', () => {
    const checks = readFileSync(new URL('../../docs/checks.md', import.meta.url), 'utf8');
    for (const rule of RULES) {
      expect(checks).toContain(`\n## ${rule}\n`);
      expect(en).toHaveProperty([`rule.${rule}`]);
    }
  });

  it.each([
    ['a page in place of the session', page(200), 'path-swallowed'],
    ['nginx’s 404', page(404), 'no-location'],
    ['the application’s own 404', answer(404, JSON_TYPE, '{"code":"not_found"}'), null],
    ['what takes no such method', page(405), 'path-swallowed'],
    ['a redirect that is not shown', answer(302), 'redirected'],
    ['a redirect', answer(301, PAGE), 'redirected'],
    ['a password', page(401), 'auth-in-the-way'],
    ['nginx’s 403', page(403), 'address-denied'],
    ['the server’s 403', answer(403, 'text/plain', 'forbidden'), 'origin-refused'],
    ['Forbidden', engine(4, 'Forbidden'), 'origin-refused'],
    ['Transport unknown', engine(0, 'Transport unknown'), 'query-lost'],
    ['Session ID unknown', engine(1, 'Session ID unknown'), 'no-sticky-sessions'],
    ['Bad request', engine(3, 'Bad request'), 'upgrade-headers'],
    ['Unsupported protocol version', engine(5, 'Unsupported protocol version'), 'engine-io-version'],
    ['a code that is not known', engine(77, 'new'), null],
    [
      'a websocket that was not asked for',
      answer(400, 'text/plain', 'Missing or invalid Sec-WebSocket-Key header'),
      'forced-upgrade',
    ],
    ['413', page(413), 'body-limit'],
    ['429 of the proxy', page(429), 'request-limit'],
    ['503 of the proxy', page(503), 'request-limit'],
    ['503 of somebody else', answer(503, JSON_TYPE, '{"code":"busy"}'), null],
    ['a server that is stopping', answer(503, JSON_TYPE, '{"code":3,"message":"Server is stopping"}'), null],
    ['502', page(502), 'back-end-down'],
    ['502 without a page', answer(502), 'back-end-down'],
    ['504', page(504), 'read-timeout'],
    ['anything else', answer(418, 'text/plain', 'teapot'), null],
    ['200 with something else', answer(200, 'text/plain', 'ok'), null],
    ['JSON that is no object', answer(400, JSON_TYPE, 'null'), null],
  ])('%s', (_, opened, rule) => {
    expect(ruleOf(opened, null)).toBe(rule);
  });

  it.each([
    ['is taken: only the websocket is left', answer(200, 'text/html', 'ok'), 'upgrade-headers'],
    ['comes to another server', engine(1, 'Session ID unknown'), 'no-sticky-sessions'],
    ['is not let through', page(405), 'path-swallowed'],
    ['gets a 404, where the request before had a location', page(404), 'path-swallowed'],
    ['gets the page', page(200), 'path-swallowed'],
    ['names a page that may not connect', answer(403, 'text/plain', ''), 'origin-refused'],
    ['gets no answer', null, null],
  ])('after a session: the message %s', (_, closed, rule) => {
    expect(ruleOf(SESSION, closed)).toBe(rule);
  });
});

describe('the examination', () => {
  let mock: Mock;
  beforeEach(async () => void (mock = await startMock()));
  afterEach(() => mock.close());

  const here = () => ({ url: `http://127.0.0.1:${mock.port}`, path: '/socket.io' });
  const clients = () => mock.world.io.engine.clientsCount;

  it('opens a session at a real server, and closes it', async () => {
    const asked: string[] = [];
    const spy: typeof fetch = (url, init) => {
      asked.push(`${init?.method ?? ''} ${new URL(String(url)).search} ${String(init?.body ?? '')}`);
      return fetch(url, init);
    };
    expect(await examine({ ...here(), fetch: spy })).toEqual({ reached: true, rule: 'upgrade-headers' });
    expect(asked[0]).toBe('GET ?EIO=4&transport=polling ');
    expect(asked[1]).toMatch(/^POST \?EIO=4&transport=polling&sid=[\w-]+ 1$/);
    await vi.waitFor(() => expect(clients()).toBe(0));
  });

  it.each([
    [{ status: 404, body: '<h1>404</h1>' }, 'no-location'],
    [{ status: 200, body: '<!doctype html>' }, 'path-swallowed'],
    [{ status: 301, location: 'https://elsewhere.example/' }, 'redirected'],
    [{ status: 502 }, 'back-end-down'],
    [
      { status: 400, type: JSON_TYPE, body: '{"code":5,"message":"Unsupported protocol version"}' },
      'engine-io-version',
    ],
  ])('behind a proxy that answers %o', async (way, rule) => {
    mock.control({ way });
    expect(await examine(here())).toEqual({ reached: true, rule });
  });

  it('claims nothing where nobody answers', async () => {
    const nobody: typeof fetch = () => Promise.reject(new TypeError('Failed to fetch'));
    expect(await examine({ ...here(), fetch: nobody })).toEqual({ reached: false, rule: null });
  });

  it('does not follow a redirect, keeps nothing, and has a redirect that is not shown', async () => {
    const opaque = Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' });
    const by = vi.fn<typeof fetch>(async () => opaque);
    expect(await examine({ ...here(), fetch: by })).toEqual({ reached: true, rule: 'redirected' });
    expect(by.mock.calls[0]?.[1]).toMatchObject({ redirect: 'manual', cache: 'no-store' });
    expect(by).toHaveBeenCalledTimes(1);
  });

  it('waits for five seconds, and no longer', async () => {
    vi.useFakeTimers();
    const silent: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
      );
    const found = vi.fn();
    void examine({ url: 'http://nobody', path: '/socket.io/', fetch: silent }).then(found);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(found).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(found).toHaveBeenCalledWith({ reached: false, rule: null });
    vi.useRealTimers();
  });
});
