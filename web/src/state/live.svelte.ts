// The live state of this page: one value, changed only by `reduce`, and the one socket that feeds it.
import { type LiveEvent, type LiveState, INITIAL, reduce } from '../live/reduce';
import { LiveSocket } from '../live/socket';
import { api, auth, signOut } from './auth.svelte';

/** How long an arrival is pointed out. */
const FRESH_MS = 6_000;
/** How long after a connection the list is read once more, when things have calmed down. */
const REREAD_MS = 1_500;

let state = $state.raw<LiveState>(INITIAL);
let reread: ReturnType<typeof setTimeout> | undefined;

export const live = {
  get state(): LiveState {
    return state;
  },
};

export function dispatch(event: LiveEvent): void {
  const before = state;
  state = reduce(state, event);
  afterwards(event, before);
}

const env = import.meta.env;

export const socket = new LiveSocket({
  url: (env.VITE_WS_URL ?? location.origin).replace(/\/+$/, ''),
  path: env.VITE_WS_PATH ?? '/socket.io/',
  namespace: env.VITE_WS_NAMESPACE ?? '/notifications',
  token: () => auth.token,
  position: () => state.position,
  dispatch,
  now: Date.now,
  chance: Math.random,
});

/**
 * Reads the inbox, then connects from where that list ends: nothing is missed between the two, and nothing
 * comes twice. Without a list the socket brings every unread one by itself, so it does not wait for long.
 */
export async function goLive(): Promise<void> {
  await refreshInbox();
  if (auth.status === 'signedIn') socket.start();
}

export function leave(): void {
  clearTimeout(reread);
  socket.stop();
}

/** The newest page, laid over what is there. A failure leaves the page as it is: it will be asked again. */
export async function refreshInbox(how: { replace?: boolean } = {}): Promise<void> {
  try {
    const [page, front] = await Promise.all([api.notifications({ limit: 50 }), api.unacknowledged()]);
    dispatch({ type: 'page', page, replace: how.replace ?? false });
    dispatch({ type: 'front', items: front.items });
  } catch {
    // The connection's state already says what is wrong; a 401 has signed us out.
  }
}

/** The device tells us when it is worth trying again at once. */
export function followDevice(): void {
  addEventListener('online', () => socket.retryNow());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) socket.retryNow();
  });
}

function afterwards(event: LiveEvent, before: LiveState): void {
  if (event.type === 'notification' && state.inbox.fresh.length > before.inbox.fresh.length) {
    setTimeout(() => dispatch({ type: 'settled', ids: [event.item.id] }), FRESH_MS);
  }
  // What other tabs read while this one was away is not among what comes after the position.
  if (event.type === 'connected') {
    clearTimeout(reread);
    reread = setTimeout(() => void refreshInbox(), REREAD_MS);
  }
  // Between what this page has and what came there may be a hole: the server says so, and the list is read anew.
  if (event.type === 'synced' && !event.complete) void refreshInbox({ replace: true });
  if (event.type === 'lost' && event.problem.kind === 'token_expired') signOut('token_expired');
}
