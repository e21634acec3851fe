// When the page looks by itself: with a failure that lasts, once in each outage, and at most once a minute.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Found } from '../src/live/examine';
import { type Examination, Outage } from '../src/live/outage';
import { isAnswered, isOnTheWay, PROBLEM_KINDS, type ProblemKind } from '../src/live/problem';
import { INITIAL, type LiveEvent, reduce } from '../src/live/reduce';

const FOUND: Found = { reached: true, rule: 'no-location' };

let examine: ReturnType<typeof vi.fn<() => Promise<Found>>>;
let tell: ReturnType<typeof vi.fn<(examination: Examination) => void>>;
let outage: Outage;
/** Of the attempts that go on failing. */
let failing: ReturnType<typeof setInterval> | undefined;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  examine = vi.fn(async () => FOUND);
  tell = vi.fn();
  outage = new Outage({ examine, tell });
});

afterEach(() => {
  clearInterval(failing);
  vi.useRealTimers();
});

const lost = (kind: ProblemKind = 'unreachable'): LiveEvent => ({
  type: 'lost',
  problem: { kind, detail: null },
  refused: false,
  retryAt: null,
  at: Date.now(),
});
const connected: LiveEvent = { type: 'connected', transport: 'websocket' };
/** One failure now, and another each second. */
function fail(kind: ProblemKind = 'unreachable') {
  clearInterval(failing);
  outage.heard(lost(kind));
  failing = setInterval(() => outage.heard(lost(kind)), 1_000);
}
function connect() {
  clearInterval(failing);
  outage.heard(connected);
}

describe('an outage', () => {
  it('is not looked into at the first hiccup', async () => {
    fail();
    await vi.advanceTimersByTimeAsync(5_500);
    expect(examine).not.toHaveBeenCalled();
    connect();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(examine).not.toHaveBeenCalled();
  });

  it('is looked into when it lasts, and once', async () => {
    fail();
    await vi.advanceTimersByTimeAsync(6_500);
    expect(examine).toHaveBeenCalledTimes(1);
    expect(tell).toHaveBeenCalledWith({ ...FOUND, at: 1_006_000 });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(examine).toHaveBeenCalledTimes(1);
  });

  it('that follows another is looked into as well, but not within the minute', async () => {
    fail();
    await vi.advanceTimersByTimeAsync(7_500);
    connect();
    fail();
    await vi.advanceTimersByTimeAsync(50_000);
    expect(examine).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(examine).toHaveBeenCalledTimes(2);
  });

  it('that is over before the answer comes is not spoken of', async () => {
    let answer: (found: Found) => void = () => {};
    examine.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
    fail();
    await vi.advanceTimersByTimeAsync(7_000);
    expect(examine).toHaveBeenCalledTimes(1);
    connect();
    answer(FOUND);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(tell).not.toHaveBeenCalled();
  });

  it.each(['token_revoked', 'too_many_sessions', 'ledger_unavailable', 'origin_denied'] as const)(
    'is none where Atalaya itself says why: %s',
    async (kind) => {
      fail(kind);
      await vi.advanceTimersByTimeAsync(120_000);
      expect(examine).not.toHaveBeenCalled();
    },
  );

  it('begins with the cut, and is looked into with an attempt that fails', async () => {
    outage.heard(lost('transport_lost'));
    await vi.advanceTimersByTimeAsync(8_000);
    outage.heard(lost('transport_lost'));
    expect(examine).not.toHaveBeenCalled();
    outage.heard(lost('connect_timeout'));
    expect(examine).toHaveBeenCalledTimes(1);
  });

  it('ends when one signs out', async () => {
    fail();
    await vi.advanceTimersByTimeAsync(3_000);
    clearInterval(failing);
    outage.heard({ type: 'stopped' });
    await vi.advanceTimersByTimeAsync(8_000);
    outage.heard(lost());
    expect(examine).not.toHaveBeenCalled();
  });
});

describe('a cause', () => {
  it('is answered by Atalaya, or on the way, and never both', () => {
    for (const kind of PROBLEM_KINDS) expect(isAnswered(kind) && isOnTheWay(kind)).toBe(false);
    expect(PROBLEM_KINDS.filter(isOnTheWay)).toEqual([
      'unreachable',
      'handshake_not_found',
      'handshake_forbidden',
      'backend_down',
      'not_the_socket',
      'connect_timeout',
      'unknown',
    ]);
  });
});

describe('what was found', () => {
  const examined: LiveEvent = { type: 'examined', examination: { ...FOUND, at: 7 } };
  const after = (...events: LiveEvent[]) => events.reduce(reduce, INITIAL).examination;

  it('stays while it lasts, through each attempt', () => {
    const connecting: LiveEvent = { type: 'connecting', attempt: 4 };
    expect(after(lost(), examined, connecting, lost('connect_timeout'))?.rule).toBe('no-location');
  });

  it('goes with a connection, with another answer of Atalaya’s, and with the sign-out', () => {
    expect(after(lost(), examined, connected)).toBeNull();
    expect(after(lost(), examined, lost('ledger_unavailable'))).toBeNull();
    expect(after(lost(), examined, { type: 'stopped' })).toBeNull();
  });
});
