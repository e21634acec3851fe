// What the page does by itself when something is told: the live state with its HTTP client, against answers that a
// test holds back.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Notification, Role } from '../src/api/types';

type Auth = typeof import('../src/state/auth.svelte');
type Live = typeof import('../src/state/live.svelte');

const AT = '2026-03-01T12:00:00.000Z';
const user = (role: Role) => ({
  id: 2,
  username: 'marta',
  display_name: null,
  role,
  disabled: false,
  created_at: AT,
});
const note = (id: number) =>
  ({
    id,
    title: `n${id}`,
    severity: 'info',
    read_at: null,
    requires_ack: false,
    replaces: null,
    acknowledgements: [],
  }) as unknown as Notification;
const list = (...ids: number[]) => ({
  items: ids.map(note),
  next_cursor: null,
  unread: ids.length,
  unread_version: 1,
  unread_position: ids[0] ?? 0,
  position: 10,
});

let auth: Auth;
let live: Live;
/** The questions for the inbox that were asked, each with the way to answer it. */
let asked: { query: string; answer: (page: object) => void }[];

beforeEach(async () => {
  vi.resetModules();
  vi.stubGlobal('location', { origin: 'http://atalaya.test' });
  asked = [];
  const json = (body: object) =>
    new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
  vi.stubGlobal('fetch', async (address: string) => {
    const [path, query = ''] = address.split('?');
    if (path === '/api/auth/login') return json({ access_token: 'tok', user: user('operator') });
    if (path === '/api/notifications/unacknowledged') return json({ items: [] });
    if (path !== '/api/notifications') throw new TypeError(`nobody answers ${address}`);
    return new Promise<Response>((resolve) => asked.push({ query, answer: (page) => resolve(json(page)) }));
  });
  auth = await import('../src/state/auth.svelte');
  live = await import('../src/state/live.svelte');
  await auth.signIn('marta', 'atalaya');
});

const ids = () => live.live.state.inbox.items.map(({ id }) => id);
const settles = () => new Promise((resolve) => setTimeout(resolve, 20));
const becomes = (role: Role) => live.dispatch({ type: 'membership', membership: { role, topics: [] } });

describe('a membership that changes', () => {
  it('takes the role along, and with it what the page offers', () => {
    expect(auth.auth.maySend).toBe(true);
    becomes('user');
    expect(auth.auth.user?.role).toBe('user');
    expect(auth.auth.maySend).toBe(false);
    becomes('admin');
    expect(auth.auth.isAdmin).toBe(true);
  });

  it('has the inbox read again, and what is theirs no more leaves it', async () => {
    const first = live.refreshInbox();
    asked[0]?.answer(list(3, 2, 1));
    await first;
    expect(ids()).toEqual([3, 2, 1]);
    becomes('operator');
    expect(asked).toHaveLength(2);
    asked[1]?.answer(list(3));
    await vi.waitFor(() => expect(ids()).toEqual([3]));
  });

  it('is not undone by an answer to an earlier question', async () => {
    const early = live.refreshInbox();
    becomes('operator');
    asked[1]?.answer(list(3));
    await vi.waitFor(() => expect(ids()).toEqual([3]));
    asked[0]?.answer(list(3, 2, 1));
    await early;
    expect(ids()).toEqual([3]);
  });

  it('asks again when its own answer comes after a later one', async () => {
    becomes('operator');
    const late = live.refreshInbox();
    asked[1]?.answer(list(3, 2));
    await late;
    asked[0]?.answer(list(3, 2, 1));
    await vi.waitFor(() => expect(asked).toHaveLength(3));
    expect(ids()).toEqual([3, 2]);
    asked[2]?.answer(list(3));
    await vi.waitFor(() => expect(ids()).toEqual([3]));
  });

  it('leaves no way in for older ones that were asked for before', async () => {
    const { loadOlder } = await import('../src/state/inbox.svelte');
    const first = live.refreshInbox();
    asked[0]?.answer({ ...list(3), next_cursor: '3' });
    await first;
    const older = loadOlder();
    expect(asked[1]?.query).toContain('cursor=3');
    becomes('operator');
    asked[2]?.answer({ ...list(3), next_cursor: '3' });
    await vi.waitFor(() => expect(ids()).toEqual([3]));
    asked[1]?.answer(list(2, 1));
    await older;
    expect(ids()).toEqual([3]);
    expect(live.live.state.inbox.nextCursor).toBe('3');
  });

  it('says nothing to whoever signs in next', async () => {
    becomes('operator');
    auth.signOut();
    asked[0]?.answer(list(3, 2, 1));
    await settles();
    expect(ids()).toEqual([]);
  });
});
