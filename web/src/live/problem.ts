// Why there is no connection, as one of a closed list of causes. Each has a sentence that says what it means
// and one that says what to try (`problem.*` in the messages). Nothing here knows the socket library's classes:
// `fromError` takes whatever it threw.

export const PROBLEM_KINDS = [
  // Refused by Atalaya, with its own code.
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_revoked',
  'too_many_sessions',
  'ledger_unavailable',
  'origin_denied',
  'invalid_namespace',
  // Never got as far as Atalaya.
  'device_offline',
  'unreachable',
  'handshake_not_found',
  'handshake_forbidden',
  'backend_down',
  'not_the_socket',
  'connect_timeout',
  // Was connected, and is no longer.
  'ping_timeout',
  'transport_lost',
  'closed_by_server',
  'unknown',
] as const;

export type ProblemKind = (typeof PROBLEM_KINDS)[number];

export interface ConnectionProblem {
  kind: ProblemKind;
  /** The words that came with it, for whoever has to find the cause; never a secret. */
  detail: string | null;
}

const BY_STATUS: Record<number, ProblemKind> = {
  0: 'unreachable',
  403: 'handshake_forbidden',
  404: 'handshake_not_found',
  405: 'handshake_not_found',
  502: 'backend_down',
  503: 'backend_down',
  504: 'backend_down',
};

const BY_REASON: Record<string, ProblemKind> = {
  'ping timeout': 'ping_timeout',
  'transport close': 'transport_lost',
  'transport error': 'transport_lost',
  'io server disconnect': 'closed_by_server',
  'parse error': 'not_the_socket',
};

/** From what `connect_error` gives. */
export function fromError(error: unknown): ConnectionProblem {
  const { message, data, context, description } = shape(error);
  const code = data?.code;
  if (isKind(code)) return { kind: code, detail: message };
  if (message === 'Invalid namespace') return { kind: 'invalid_namespace', detail: null };
  if (message === 'timeout') return { kind: 'connect_timeout', detail: null };
  if (message === 'parse error' || message === 'server error')
    return { kind: 'not_the_socket', detail: message };

  const status = context?.status ?? (typeof description === 'number' ? description : null);
  if (status !== null) {
    const kind = BY_STATUS[status] ?? (status < 300 ? 'not_the_socket' : 'unknown');
    return { kind, detail: status === 0 ? null : `HTTP ${status}` };
  }
  if (message === 'websocket error' || message === 'xhr poll error')
    return { kind: 'unreachable', detail: null };
  return { kind: 'unknown', detail: message };
}

/** From what `disconnect` gives. */
export function fromReason(reason: string): ConnectionProblem {
  const kind = BY_REASON[reason];
  return kind ? { kind, detail: null } : { kind: 'unknown', detail: reason };
}

/** Refused by a decision: trying again at once would get the same answer. */
export function isRefusal(kind: ProblemKind): boolean {
  return needsSignIn(kind) || ['too_many_sessions', 'origin_denied', 'invalid_namespace'].includes(kind);
}

/** Only a new token helps. */
export function needsSignIn(kind: ProblemKind): boolean {
  return kind.startsWith('token_');
}

/** Atalaya itself answered: nothing on the way is at fault. */
export function isAnswered(kind: ProblemKind): boolean {
  return isRefusal(kind) || kind === 'ledger_unavailable';
}

/** Never got as far as Atalaya, as far as one knows. */
export function isOnTheWay(kind: ProblemKind): boolean {
  const wasConnected: ProblemKind[] = ['ping_timeout', 'transport_lost', 'closed_by_server'];
  return !isAnswered(kind) && kind !== 'device_offline' && !wasConnected.includes(kind);
}

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 15_000;
/** An administrator may mend a refusal while the page stays open on a wall: it must find out by itself. */
const REFUSED_DELAY_MS = 60_000;

/**
 * How long to wait before trying again, or null for never. `chance` in 0..1 spreads the clients of a server
 * that came back, so that they do not all arrive in the same second.
 */
export function retryDelay(kind: ProblemKind, attempt: number, chance: number): number | null {
  if (needsSignIn(kind)) return null;
  if (isRefusal(kind)) return REFUSED_DELAY_MS;
  const full = Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempt, 10), LONGEST_DELAY_MS);
  return Math.round(full * (0.75 + 0.5 * chance));
}

interface ErrorShape {
  message: string;
  data?: { code?: unknown };
  context?: { status?: number };
  description?: unknown;
}

function shape(error: unknown): ErrorShape {
  if (typeof error !== 'object' || error === null) return { message: String(error) };
  const { message, data, context, description } = error as Partial<ErrorShape>;
  return {
    message: String(message ?? 'unknown'),
    ...(typeof data === 'object' && data !== null ? { data } : {}),
    ...(typeof context === 'object' && context !== null && typeof context.status === 'number'
      ? { context }
      : {}),
    description,
  };
}

function isKind(code: unknown): code is ProblemKind {
  return (PROBLEM_KINDS as readonly unknown[]).includes(code);
}
