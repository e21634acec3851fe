// The heart of the page: (state, event) -> state, with no clock, no network and no framework. Everything that
// arrives passes through here, from the socket and from HTTP alike, in whatever order the network gives it.
//
// The one promise: whatever is repeated, reordered or answered late, each notification is in the list once,
// newest first, and `unread` is what the server would say.
import type { Notification, NotificationPage } from '../api/types';
import type { InboxChange, OwnSession } from './events';
import type { ConnectionProblem } from './problem';

export type Connection =
  /** Signed out: nobody wants a connection. */
  | { state: 'idle' }
  | { state: 'connecting'; attempt: number }
  | { state: 'connected'; transport: string }
  | { state: 'reconnecting'; problem: ConnectionProblem; retryAt: number }
  | { state: 'refused'; problem: ConnectionProblem; retryAt: number | null };

export interface Inbox {
  /** Newest first, each id once. */
  items: Notification[];
  unread: number;
  /** Notifications up to this id are already in `unread`; an arrival at or below it must not add one. */
  countedThrough: number;
  /** Where the page of older ones begins; null: there are none. */
  nextCursor: string | null;
  /** Old ones were let go to bound the list; only reloading shows them. */
  truncated: boolean;
  /** Nothing has been read from the server yet. */
  loaded: boolean;
  /** Ids that arrived a moment ago, to be pointed out. */
  fresh: number[];
  /** What was put away lately: an answer that is late must not bring it back. */
  archived: number[];
}

export interface LiveState {
  connection: Connection;
  /** When this page was last known to be up to date (ms); null: it is now, or never was. */
  staleSince: number | null;
  session: OwnSession | null;
  inbox: Inbox;
  /** The place after which everything is still to come: goes into the next handshake. */
  position: string | null;
  /** The ledger's hint: `revision` grows with each one. */
  ledger: { active: number | null; revision: number };
}

export type LiveEvent =
  | { type: 'connecting'; attempt: number }
  | { type: 'connected'; transport: string }
  | { type: 'transport'; transport: string }
  | { type: 'lost'; problem: ConnectionProblem; refused: boolean; retryAt: number | null; at: number }
  | { type: 'stopped' }
  | { type: 'session'; session: OwnSession }
  | { type: 'notification'; item: Notification; offset: string | null }
  | { type: 'inbox'; change: InboxChange; at: string }
  /** The newest page of the list; `replace` starts over. */
  | { type: 'page'; page: NotificationPage; replace?: boolean }
  | { type: 'older'; page: NotificationPage }
  | { type: 'settled'; ids: number[] }
  | { type: 'ledger'; active: number };

/** Enough for a long shift, and still a list that a browser draws at once. */
export const MOST_ITEMS = 1_000;
/** Far more than can be put away while an answer is on its way. */
const MOST_ARCHIVED = 1_000;

const EMPTY_INBOX: Inbox = {
  items: [],
  unread: 0,
  countedThrough: 0,
  nextCursor: null,
  truncated: false,
  loaded: false,
  fresh: [],
  archived: [],
};

export const INITIAL: LiveState = {
  connection: { state: 'idle' },
  staleSince: null,
  session: null,
  inbox: EMPTY_INBOX,
  position: null,
  ledger: { active: null, revision: 0 },
};

export function reduce(state: LiveState, event: LiveEvent): LiveState {
  switch (event.type) {
    case 'connecting':
      return { ...state, connection: { state: 'connecting', attempt: event.attempt } };
    case 'connected':
      return { ...state, connection: { state: 'connected', transport: event.transport }, staleSince: null };
    case 'transport':
      if (state.connection.state !== 'connected') return state;
      return { ...state, connection: { ...state.connection, transport: event.transport } };
    case 'lost':
      return lost(state, event);
    case 'stopped':
      return INITIAL;
    case 'session':
      return { ...state, session: event.session };
    case 'notification':
      return arrived(state, event.item, event.offset);
    case 'inbox':
      return { ...state, inbox: changed(state.inbox, event.change, event.at) };
    case 'page':
      return newestPage(state, event.page, event.replace ?? false);
    case 'older':
      return { ...state, inbox: older(state.inbox, event.page) };
    case 'settled':
      return { ...state, inbox: { ...state.inbox, fresh: without(state.inbox.fresh, event.ids) } };
    case 'ledger':
      return { ...state, ledger: { active: event.active, revision: state.ledger.revision + 1 } };
  }
}

function lost(state: LiveState, event: Extract<LiveEvent, { type: 'lost' }>): LiveState {
  const { problem, refused, retryAt, at } = event;
  const connection: Connection =
    refused || retryAt === null
      ? { state: 'refused', problem, retryAt }
      : { state: 'reconnecting', problem, retryAt };
  return { ...state, connection, session: null, staleSince: state.staleSince ?? at };
}

function arrived(state: LiveState, item: Notification, offset: string | null): LiveState {
  const position = furthest(state.position, offset ?? String(item.id));
  const { inbox } = state;
  const isKnown = inbox.items.some((known) => known.id === item.id);
  if (isKnown || inbox.archived.includes(item.id)) return { ...state, position };
  return {
    ...state,
    position,
    inbox: bounded({
      ...inbox,
      items: merge(inbox.items, [item]),
      unread: inbox.unread + (counts(inbox, item) ? 1 : 0),
      fresh: [...inbox.fresh, item.id],
    }),
  };
}

/**
 * Whether an arrival is one more unread. Without a list (it could not be read) the only count there is came
 * over the socket, before the backlog that it already contains.
 */
function counts(inbox: Inbox, item: Notification): boolean {
  if (item.read_at !== null || item.id <= inbox.countedThrough) return false;
  return inbox.loaded || inbox.items.filter(isUnread).length >= inbox.unread;
}

function changed(inbox: Inbox, change: InboxChange, at: string): Inbox {
  const read = new Set(change.read);
  const archived = new Set(change.archived);
  const isRead = ({ id }: Notification) => read.has(id) || id <= (change.read_up_to ?? 0);
  const items = inbox.items
    .filter((item) => !archived.has(item.id))
    .map((item) => (isUnread(item) && isRead(item) ? { ...item, read_at: at } : item));
  // The count that comes with CONNECT holds what the catch-up is about to bring, so it would be added twice.
  const changes = read.size > 0 || archived.size > 0 || change.read_up_to !== null;
  return {
    ...inbox,
    items,
    unread: changes || !inbox.loaded ? change.unread : inbox.unread,
    archived: [...inbox.archived, ...change.archived].slice(-MOST_ARCHIVED),
  };
}

function newestPage(state: LiveState, page: NotificationPage, replace: boolean): LiveState {
  const before = replace ? EMPTY_INBOX : state.inbox;
  const head = page.position ?? before.countedThrough;
  const items = merge(stillThere(before.items, page, head), kept(before, page.items));
  // What arrived while the page was on its way is not in its count.
  const later = items.filter((item) => item.id > head && isUnread(item)).length;
  return {
    ...state,
    position: furthest(state.position, String(head)),
    inbox: bounded({
      ...before,
      items,
      unread: page.unread + later,
      countedThrough: Math.max(before.countedThrough, head),
      nextCursor: before.loaded ? before.nextCursor : page.next_cursor,
      loaded: true,
    }),
  };
}

function older(inbox: Inbox, page: NotificationPage): Inbox {
  // Asked for by hand, so the bound gives way: only arrivals push old ones out.
  return { ...inbox, items: merge(inbox.items, kept(inbox, page.items)), nextCursor: page.next_cursor };
}

/** What was put away after a page was read is not in the inbox any more. */
function kept(inbox: Inbox, items: Notification[]): Notification[] {
  const archived = new Set(inbox.archived);
  return items.filter((item) => !archived.has(item.id));
}

/** What the newest page would show and does not was put away elsewhere, or has expired. */
function stillThere(items: Notification[], page: NotificationPage, head: number): Notification[] {
  const shown = new Set(page.items.map((item) => item.id));
  const oldest = page.next_cursor === null ? 0 : (page.items.at(-1)?.id ?? Infinity);
  return items.filter((item) => shown.has(item.id) || item.id > head || item.id < oldest);
}

/** Newest first, each id once; of two copies the second wins, but what was read stays read. */
function merge(known: Notification[], added: Notification[]): Notification[] {
  const byId = new Map(known.map((item) => [item.id, item]));
  for (const item of added) {
    const read_at = item.read_at ?? byId.get(item.id)?.read_at ?? null;
    byId.set(item.id, { ...item, read_at });
  }
  return [...byId.values()].sort((a, b) => b.id - a.id);
}

function bounded(inbox: Inbox): Inbox {
  if (inbox.items.length <= MOST_ITEMS) return inbox;
  return { ...inbox, items: inbox.items.slice(0, MOST_ITEMS), nextCursor: null, truncated: true };
}

/** Positions are numbers written as text; one that cannot be read as such never moves us. */
function furthest(a: string | null, b: string): string | null {
  if (!Number.isFinite(Number(b))) return a;
  return a === null || Number(b) > Number(a) ? b : a;
}

function isUnread(item: Notification): boolean {
  return item.read_at === null;
}

function without(ids: number[], gone: number[]): number[] {
  const set = new Set(gone);
  return ids.filter((id) => !set.has(id));
}
