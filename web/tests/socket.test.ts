// The one socket against a real Socket.IO server: the mock, which refuses and drops as the real one does.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Mock, startMock } from '../mock/server.mjs';
import { examine } from '../src/live/examine';
import { Outage } from '../src/live/outage';
import { INITIAL, type LiveEvent, type LiveState, reduce } from '../src/live/reduce';
import { LiveSocket } from '../src/live/socket';

let mock: Mock;
let state: LiveState;
let events: LiveEvent[];
let socket: LiveSocket;
let token: string | null;

beforeEach(async () => {
  mock = await startMock();
  const answer = await fetch(`http://127.0.0.1:${mock.port}/api/auth/login`, {
    method: 'POST',
    body: JSON.stringify({ username: 'lucia', password: 'atalaya' }),
  });
  token = ((await answer.json()) as { access_token: string }).access_token;
  state = INITIAL;
  events = [];
  socket = newSocket('/notifications');
});

afterEach(async () => {
  socket.stop();
  await mock.close();
});

function newSocket(namespace: string, heard: (event: LiveEvent) => void = () => {}, now = Date.now) {
  return new LiveSocket({
    url: `http://127.0.0.1:${mock.port}`,
    path: '/socket.io/',
    namespace,
    token: () => token,
    position: () => state.position,
    dispatch: (event) => {
      events.push(event);
      state = reduce(state, event);
      heard(event);
    },
    now,
    chance: () => 0,
  });
}

const becomes = (wanted: string) =>
  vi.waitFor(() => expect(state.connection.state).toBe(wanted), { timeout: 4_000, interval: 10 });
const titles = () => state.inbox.items.map((item) => item.title);

describe('the socket', () => {
  it('connects by websocket, learns its row, and gets what is unread', async () => {
    socket.start();
    await becomes('connected');
    expect(state.connection).toMatchObject({ transport: 'websocket' });
    await vi.waitFor(() => expect(state.session?.id).toBeGreaterThan(1_000));
    await vi.waitFor(() => expect(state.inbox.items).toHaveLength(3));
    expect(state.inbox.unread).toBe(3);
  });

  it('takes a notification under the event name that its publisher gave', async () => {
    socket.start();
    await becomes('connected');
    mock.control({ publish: { to: { all: true }, title: 'Named', event: 'alarma' } });
    await vi.waitFor(() => expect(titles()).toContain('Named'));
  });

  it('comes back after a cut, and gets what it missed exactly once', async () => {
    socket.start();
    await becomes('connected');
    await vi.waitFor(() => expect(state.inbox.items).toHaveLength(3));
    mock.control({ drop: true });
    await becomes('reconnecting');
    mock.control({ publish: { to: { all: true }, title: 'While away' } });
    await becomes('connected');
    await vi.waitFor(() => expect(titles()).toContain('While away'));
    const delivered = events.filter((event) => event.type === 'notification').map((event) => event.item.id);
    expect(new Set(delivered).size).toBe(delivered.length);
    expect(delivered).toHaveLength(4);
  });

  it('hears whether anything may be missing', async () => {
    const ends = () => events.filter((event) => event.type === 'synced').map((event) => event.complete);
    socket.start();
    await vi.waitFor(() => expect(ends()).toEqual([true]));
    mock.control({ prunedUpTo: 100_000, drop: true });
    await becomes('reconnecting');
    await vi.waitFor(() => expect(ends()).toEqual([true, false]), { timeout: 4_000 });
  });

  it('goes on by itself after ledger_unavailable, where the library would fall silent', async () => {
    mock.control({ refuse: 'ledger_unavailable' });
    socket.start();
    await becomes('reconnecting');
    expect(state.connection).toMatchObject({ problem: { kind: 'ledger_unavailable' } });
    mock.control({ refuse: null });
    await becomes('connected');
  });

  it('comes back when the server itself ended the connection', async () => {
    socket.start();
    await becomes('connected');
    mock.control({ close: true });
    await becomes('reconnecting');
    await becomes('connected');
  });

  it.each(['token_revoked', 'token_invalid', 'token_expired'])(
    'stops after %s: only signing in helps',
    async (code) => {
      mock.control({ refuse: code });
      socket.start();
      await becomes('refused');
      expect(state.connection).toMatchObject({ problem: { kind: code }, retryAt: null });
    },
  );

  it('says that the token is missing', async () => {
    token = null;
    socket.start();
    await becomes('refused');
    expect(state.connection).toMatchObject({ problem: { kind: 'token_missing' } });
  });

  it('tries again at once when asked to', async () => {
    mock.control({ refuse: 'too_many_sessions' });
    socket.start();
    await becomes('refused');
    mock.control({ refuse: null });
    socket.retryNow();
    await becomes('connected');
  });

  it('names an unknown namespace', async () => {
    socket = newSocket('/nowhere');
    socket.start();
    await becomes('refused');
    expect(state.connection).toMatchObject({ problem: { kind: 'invalid_namespace' } });
  });

  it('gets hints about the ledger while it asks for them', async () => {
    socket.watchSessions(true);
    socket.start();
    await vi.waitFor(() => expect(state.ledger.revision).toBeGreaterThan(0), { timeout: 2_000 });
  });

  it('hears of another role and of other topics, and then how many are unread', async () => {
    socket.start();
    await becomes('connected');
    mock.control({ role: ['lucia', 'operator'] });
    await vi.waitFor(() =>
      expect(state.membership).toEqual({ role: 'operator', topics: ['grid.north', 'night.shift'] }),
    );
    await fetch(`http://127.0.0.1:${mock.port}/api/topics/grid.north/subscription`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
    await vi.waitFor(() => expect(state.membership?.topics).toEqual(['night.shift']));
    const heard = events.map(({ type }) => type);
    expect(heard.indexOf('inbox', heard.lastIndexOf('membership'))).toBeGreaterThan(0);
  });

  it('does not take a membership for a notification', async () => {
    socket.start();
    await becomes('connected');
    mock.control({ publish: { to: { topic: 'grid.north' }, title: 'For the north' } });
    mock.control({ publish: { to: { topic: 'night.shift' }, title: 'For others' } });
    mock.control({ role: ['lucia', 'user'] });
    await vi.waitFor(() => expect(state.membership?.topics).toEqual(['grid.north']));
    expect(titles()).toContain('For the north');
    expect(titles()).not.toContain('For others');
  });

  it('is cut off with the account, and says why it does not come back', async () => {
    socket.start();
    await becomes('connected');
    mock.control({ disable: 'lucia' });
    await becomes('refused');
    expect(state.connection).toMatchObject({ problem: { kind: 'token_revoked' }, retryAt: null });
  });

  it('finds out by itself what is in the way, and forgets it with the connection', async () => {
    const url = `http://127.0.0.1:${mock.port}`;
    const outage = new Outage({
      examine: () => examine({ url, path: '/socket.io/' }),
      tell: (examination) => (state = reduce(state, { type: 'examined', examination })),
    });
    // Seconds pass as minutes do.
    socket = newSocket(
      '/notifications',
      (event) => outage.heard(event),
      () => Date.now() * 60,
    );
    mock.control({ way: { status: 404, body: '<h1>404 Not Found</h1>' } });
    socket.start();
    await vi.waitFor(() => expect(state.examination).toMatchObject({ reached: true, rule: 'no-location' }), {
      timeout: 4_000,
    });
    expect(state.connection).toMatchObject({ problem: { kind: 'handshake_not_found' } });
    mock.control({ way: null });
    await becomes('connected');
    expect(state.examination).toBeNull();
  });

  it('stays on polling where no websocket gets through', async () => {
    mock.control({ way: 'no-websocket' });
    socket.start();
    await becomes('connected');
    expect(state.connection).toMatchObject({ transport: 'polling' });
  });

  it('leaves, and stays away', async () => {
    socket.start();
    await becomes('connected');
    socket.stop();
    socket.retryNow();
    expect(state).toEqual(INITIAL);
    expect(events.at(-1)).toEqual({ type: 'stopped' });
  });
});
