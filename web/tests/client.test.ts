import { describe, expect, it, vi } from 'vitest';
import { ApiError, createClient } from '../src/api/client';

function clientThat(
  answers: (url: string, init: RequestInit) => Response | Promise<Response>,
  token = 'tok',
) {
  const onUnauthorized = vi.fn();
  const fetch = vi.fn(async (url: string | URL | Request, init?: RequestInit) =>
    answers(String(url), init ?? {}),
  );
  return {
    api: createClient({ baseUrl: '/api', token: () => token || null, onUnauthorized, fetch }),
    fetch,
    onUnauthorized,
  };
}

const json = (status: number, body: unknown, type = 'application/json') =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': type } });
const problem = (status: number, code: string, more = {}) =>
  json(status, { code, status, title: code, detail: 'why', ...more }, 'application/problem+json');
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('should have failed'),
    (error: ApiError) => error,
  );

describe('requests', () => {
  it('carry the token, and leave out what is not asked for', async () => {
    const { api, fetch } = clientThat(() => json(200, { items: [] }));
    await api.sessions({ active: true, cursor: null, limit: 50 });
    expect(fetch.mock.calls[0]?.[0]).toBe('/api/sessions?active=true&limit=50');
    expect(fetch.mock.calls[0]?.[1]?.headers).toMatchObject({ authorization: 'Bearer tok' });
  });

  it('escape what was typed', async () => {
    const { api, fetch } = clientThat(() => json(200, { items: [] }));
    await api.users({ q: 'a&b=ñ' });
    expect(fetch.mock.calls[0]?.[0]).toBe('/api/users?q=a%26b%3D%C3%B1');
  });

  it('name a topic in the address, whatever is in the name', async () => {
    const { api, fetch } = clientThat(() => new Response(null, { status: 204 }));
    await api.unsubscribe('a/b?c');
    await api.unsubscribeUser('alerts.north', 27);
    expect(fetch.mock.calls.map(([url, init]) => [init?.method, url])).toEqual([
      ['DELETE', '/api/topics/a%2Fb%3Fc/subscription'],
      ['DELETE', '/api/topics/alerts.north/subscriptions/27'],
    ]);
  });
});

describe('failures', () => {
  it('keep the code and the messages for each field', async () => {
    const errors = [{ field: 'title', message: 'must not be empty' }];
    const { api } = clientThat(() => problem(422, 'invalid_field', { errors }));
    const error = await failure(api.publish({ to: { all: true }, title: '' }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'invalid_field', status: 422, message: 'why' });
    expect(error.fields).toEqual({ title: 'must not be empty' });
  });

  it('of the token are told to whoever signed in', async () => {
    const { api, onUnauthorized } = clientThat(() => problem(401, 'token_expired'));
    await failure(api.me());
    expect(onUnauthorized).toHaveBeenCalledWith('token_expired');
  });

  it('of a sign-in are not taken for an expired token', async () => {
    const { api, onUnauthorized } = clientThat(() => problem(401, 'invalid_credentials'), '');
    expect((await failure(api.login('a', 'b'))).code).toBe('invalid_credentials');
    expect(onUnauthorized).not.toHaveBeenCalled();
  });

  it.each([
    ['the network', () => Promise.reject(new TypeError('Failed to fetch')), 'unreachable'],
    ['a proxy without a server', () => new Response('<h1>502</h1>', { status: 502 }), 'backend_down'],
    ['a proxy that has no /api/', () => new Response('<h1>404</h1>', { status: 404 }), 'not_the_api'],
    [
      'the web application itself',
      () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
      'not_the_api',
    ],
    [
      'half an answer',
      () => new Response('{"a":', { headers: { 'content-type': 'application/json' } }),
      'not_the_api',
    ],
    ['a problem without a code', () => json(500, {}, 'application/problem+json'), 'http_500'],
  ])('of %s have a code of their own', async (_, answer, code) => {
    const { api } = clientThat(answer);
    expect((await failure(api.me())).code).toBe(code);
  });
});
