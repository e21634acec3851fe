// The live state of this page: one value, changed only by `reduce`, and the one socket that feeds it.
import { examine } from '../live/examine';
import { Outage } from '../live/outage';
import { type LiveEvent, type LiveState, INITIAL, reduce } from '../live/reduce';
import { LiveSocket } from '../live/socket';
import { api, auth, roleBecomes, signOut } from './auth.svelte';

/** How long an arrival is pointed out. */
const FRESH_MS = 6_000;
/** How long after a connection the list is read once more, when things have calmed down. */
const REREAD_MS = 1_500;

let state = $state.raw<LiveState>(INITIAL);
let reread: ReturnType<typeof setTimeout> | undefined;
/** The questions for the inbox, numbered: how many were asked, and the latest that was answered. */
let asked = 0;
let answered = 0;

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

const url = (env.VITE_WS_URL ?? location.origin).replace(/\/+$/, '');
const path = env.VITE_WS_PATH ?? '/socket.io/';

/** At another origin a browser does not show what was answered, so nothing is to be learnt there. */
const outage =
  url === location.origin
    ? new Outage({
        examine: () => examine({ url, path }),
        tell: (examination) => dispatch({ type: 'examined', examination }),
      })
    : null;

export const socket = new LiveSocket({
  url,
  path,
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

/** The most that the server gives at once. */
const LONGEST_PAGE = 200;

/**
 * The newest page, laid over what is there, or in its place (see the event `page`). A failure leaves the page as it
 * is: it will be asked again.
 */
export async function refreshInbox(how: { replace?: boolean; moved?: boolean } = {}): Promise<void> {
  const mine = ++asked;
  const whose = auth.token;
  const shown = how.moved ? state.inbox.items.length : 0;
  try {
    const [page, front] = await Promise.all([
      api.notifications({ limit: Math.min(Math.max(shown, 50), LONGEST_PAGE) }),
      api.unacknowledged(),
    ]);
    if (auth.token !== whose) return;
    // A later question was answered before: this answer may show what is this user's no more.
    if (mine < answered) return how.replace || how.moved ? await refreshInbox(how) : undefined;
    answered = mine;
    dispatch({ type: 'page', page, ...how });
    dispatch({ type: 'front', items: front.items });
  } catch {
    // The connection's state already says what is wrong; a 401 has signed us out.
  }
}

/** What nobody told us while there was no connection. */
async function catchUp(): Promise<void> {
  const before = auth.user;
  const [who] = await Promise.all([api.me().catch(() => null), refreshInbox()]);
  if (who === null || auth.user === null || auth.user.id !== before?.id || who.role === auth.user.role)
    return;
  roleBecomes(who.role);
  await refreshInbox({ moved: true });
}

/** The device tells us when it is worth trying again at once. */
export function followDevice(): void {
  addEventListener('online', () => socket.retryNow());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) socket.retryNow();
  });
}

function afterwards(event: LiveEvent, before: LiveState): void {
  outage?.heard(event);
  if (event.type === 'notification' && state.inbox.fresh.length > before.inbox.fresh.length) {
    setTimeout(() => dispatch({ type: 'settled', ids: [event.item.id] }), FRESH_MS);
  }
  // What other tabs read while this one was away is not among what comes after the position.
  if (event.type === 'connected') {
    clearTimeout(reread);
    reread = setTimeout(() => void catchUp(), REREAD_MS);
  }
  // Between what this page has and what came there may be a hole: the server says so, and the list is read anew.
  if (event.type === 'synced' && !event.complete) void refreshInbox({ replace: true });
  if (event.type === 'membership') {
    roleBecomes(event.membership.role);
    void refreshInbox({ moved: true });
  }
  if (event.type === 'lost' && event.problem.kind === 'token_expired') signOut('token_expired');
}
