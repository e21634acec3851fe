import { describe, expect, it } from 'vitest';
import { en } from '../src/i18n/en';
import { fromError, fromReason, isRefusal, PROBLEM_KINDS, retryDelay } from '../src/live/problem';

describe('why there is no connection', () => {
  it.each([
    [
      'its own code, before anything else',
      { message: 'full', data: { code: 'too_many_sessions' } },
      'too_many_sessions',
    ],
    ['an unknown namespace', { message: 'Invalid namespace' }, 'invalid_namespace'],
    ['no answer in time', { message: 'timeout' }, 'connect_timeout'],
    ['a websocket that fails without a reason', { message: 'websocket error' }, 'unreachable'],
    [
      'a proxy without a location',
      { message: 'xhr poll error', context: { status: 404 } },
      'handshake_not_found',
    ],
    ['a proxy without a server', { message: 'xhr poll error', context: { status: 502 } }, 'backend_down'],
    [
      'something that forbids it',
      { message: 'xhr poll error', context: { status: 403 } },
      'handshake_forbidden',
    ],
    ['nothing there at all', { message: 'xhr poll error', context: { status: 0 } }, 'unreachable'],
    ['the status as a description', { message: 'xhr poll error', description: 503 }, 'backend_down'],
    ['a page instead of the socket', { message: 'server error' }, 'not_the_socket'],
    ['a code that is not known', { message: 'odd', data: { code: 'future_code' } }, 'unknown'],
    ['not even an error', 'boom', 'unknown'],
  ])('%s', (_, error, kind) => {
    expect(fromError(error).kind).toBe(kind);
  });

  it.each([
    ['ping timeout', 'ping_timeout'],
    ['transport close', 'transport_lost'],
    ['io server disconnect', 'closed_by_server'],
    ['something new', 'unknown'],
  ])('disconnected by %s', (reason, kind) => {
    expect(fromReason(reason).kind).toBe(kind);
  });

  it('has a sentence and a remedy for each cause', () => {
    for (const kind of PROBLEM_KINDS) {
      expect(en).toHaveProperty([`problem.${kind}.title`]);
      expect(en).toHaveProperty([`problem.${kind}.remedy`]);
    }
  });
});

describe('trying again', () => {
  it('waits longer each time, to a limit, and spreads the clients', () => {
    expect(retryDelay('transport_lost', 0, 0.5)).toBe(1_000);
    expect(retryDelay('transport_lost', 3, 0.5)).toBe(8_000);
    expect(retryDelay('transport_lost', 99, 0.5)).toBe(15_000);
    expect(retryDelay('transport_lost', 0, 0)).toBe(750);
    expect(retryDelay('transport_lost', 0, 1)).toBe(1_250);
  });

  it('goes on for a database that does not answer', () => {
    expect(isRefusal('ledger_unavailable')).toBe(false);
    expect(retryDelay('ledger_unavailable', 0, 0.5)).toBe(1_000);
  });

  it('is slow after a refusal, and never happens when only a new sign-in helps', () => {
    expect(retryDelay('too_many_sessions', 0, 0)).toBe(60_000);
    expect(retryDelay('token_revoked', 0, 0)).toBeNull();
    expect(retryDelay('token_expired', 0, 0)).toBeNull();
  });
});
