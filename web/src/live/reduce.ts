// The heart of the page: (state, event) -> state, with no clock, no network and no framework. Everything that
// arrives passes through here, from the socket and from HTTP alike, in whatever order the network gives it.
//
// The one promise: whatever is repeated, reordered or answered late, each notification is in the list once,
// newest first, and `unread` is what the server would say.
import type { Notification, NotificationPage, Unread } from '../api/types';
import type { Acknowledgement, InboxChange, Membership, OwnSession } from './events';
import type { Examination } from './outage';
import { type ConnectionProblem, isAnswered } from './problem';

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
  /** The newest count of the server's, which does not hold what came after its position. */
  counted: Unread;
  /** What somebody must still acknowledge, newest first. */
  front: Notification[];
  /** Where the page of older ones begins; null: there are none. */
  nextCursor: string | null;
  /** Old ones were let go to bound the list; only reloading shows them. */
  truncated: boolean;
  /** Nothing has been read from the server yet. */
  loaded: boolean;
  /** Ids that arrived a moment ago, to be pointed out. */
  fresh: number[];
  /** What went lately, put away, recalled or expired: an answer that is late must not bring it back. */
  gone: number[];
  /** What another took the place of: it is gone unless it was read. */
  replaced: number[];
  /** What was acknowledged, recalled or expired lately: a list that is late must not put it in front again. */
  handled: number[];
}

export interface LiveState {
  connection: Connection;
  /** When this page was last known to be up to date (ms); null: it is now, or never was. */
  staleSince: number | null;
  /** What the page found by itself in this outage. */
  examination: Examination | null;
  session: OwnSession | null;
  inbox: Inbox;
  /** The place after which everything is still to come: goes into the next handshake. */
  position: string | null;
  /** The last that was heard of it, another object each time; null: nothing has changed since the page was opened. */
  membership: Membership | null;
  /** The ledger's hint: `revision` grows with each one. */
  ledger: { active: number | null; revision: number };
}

export type LiveEvent =
  | { type: 'connecting'; attempt: number }
  | { type: 'connected'; transport: string }
  | { type: 'transport'; transport: string }
  | { type: 'lost'; problem: ConnectionProblem; refused: boolean; retryAt: number | null; at: number }
  | { type: 'examined'; examination: Examination }
  | { type: 'stopped' }
  | { type: 'session'; session: OwnSession }
  | { type: 'notification'; item: Notification; offset: string | null }
  | { type: 'inbox'; change: InboxChange; at: string }
  /** What was missed has arrived; without `complete`, as much of it as the server still knows. */
  | { type: 'synced'; complete: boolean }
  /** What is this user's is something else now: the list must be read again. */
  | { type: 'membership'; membership: Membership }
  | { type: 'removed'; ids: number[] }
  | { type: 'acknowledged'; id: number; by: Acknowledgement }
  /** What awaits an acknowledgement. */
  | { type: 'front'; items: Notification[] }
  /**
   * The newest page of the list. `replace` starts over; with `moved` what is older than the page is let go, since
   * it may be theirs no more, and all else that is known stays.
   */
  | { type: 'page'; page: NotificationPage; replace?: boolean; moved?: boolean }
  | { type: 'older'; page: NotificationPage }
  | { type: 'settled'; ids: number[] }
  | { type: 'ledger'; active: number };

/** Enough for a long shift, and still a list that a browser draws at once. */
export const MOST_ITEMS = 1_000;
/** Far more than can go while an answer is on its way. */
const MOST_GONE = 1_000;

const EMPTY_INBOX: Inbox = {
  items: [],
  unread: 0,
  counted: { unread: 0, unread_version: 0, unread_position: 0 },
  front: [],
  nextCursor: null,
  truncated: false,
  loaded: false,
  fresh: [],
  gone: [],
  replaced: [],
  handled: [],
};

export const INITIAL: LiveState = {
  connection: { state: 'idle' },
  staleSince: null,
  examination: null,
  session: null,
  inbox: EMPTY_INBOX,
  position: null,
  membership: null,
  ledger: { active: null, revision: 0 },
};

export function reduce(state: LiveState, event: LiveEvent): LiveState {
  switch (event.type) {
    case 'connecting':
      return { ...state, connection: { state: 'connecting', attempt: event.attempt } };
    case 'connected':
      return {
        ...state,
        connection: { state: 'connected', transport: event.transport },
        staleSince: null,
        examination: null,
      };
    case 'transport':
      if (state.connection.state !== 'connected') return state;
      return { ...state, connection: { ...state.connection, transport: event.transport } };
    case 'lost':
      return lost(state, event);
    case 'examined':
      return { ...state, examination: event.examination };
    case 'stopped':
      return INITIAL;
    case 'session':
      return { ...state, session: event.session };
    case 'notification':
      return arrived(state, event.item, event.offset);
    case 'inbox':
      return { ...state, inbox: changed(state.inbox, event.change, event.at) };
    case 'synced':
      // An incomplete list is read anew; until then it stays what it was.
      return state;
    case 'membership':
      return { ...state, membership: event.membership };
    case 'removed':
      return { ...state, inbox: recounted(handled(leaves(state.inbox, event.ids), event.ids)) };
    case 'acknowledged':
      return { ...state, inbox: acknowledged(state.inbox, event.id, event.by) };
    case 'front':
      return { ...state, inbox: { ...state.inbox, front: inFront(state.inbox, event.items) } };
    case 'page':
      return newestPage(state, event);
    case 'older':
      return { ...state, inbox: older(state.inbox, event.page) };
    case 'settled':
      return {
        ...state,
        inbox: { ...state.inbox, fresh: without(state.inbox.fresh, event.ids, (id) => id) },
      };
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
  const examination = isAnswered(problem.kind) ? null : state.examination;
  return { ...state, connection, examination, session: null, staleSince: state.staleSince ?? at };
}

function arrived(state: LiveState, item: Notification, offset: string | null): LiveState {
  const position = furthest(state.position, offset ?? String(item.id));
  const { inbox } = state;
  const isKnown = inbox.items.some((known) => known.id === item.id);
  if (isKnown || inbox.gone.includes(item.id)) return { ...state, position };
  const { items, front, replaced } = item.replaces === null ? inbox : takesThePlace(inbox, item.replaces);
  const arrival: Inbox = {
    ...inbox,
    items: merge(items, [item]),
    fresh: [...inbox.fresh, item.id],
    replaced,
    front: inFront(inbox, [item, ...front]),
  };
  return { ...state, position, inbox: recounted(bounded(arrival)) };
}

/** Whoever had read it keeps it. */
function takesThePlace(inbox: Inbox, id: number): Inbox {
  const stays = (item: Notification) => item.id !== id || !isUnread(item);
  return {
    ...inbox,
    items: inbox.items.filter(stays),
    front: inbox.front.filter(stays),
    replaced: [...inbox.replaced, id].slice(-MOST_GONE),
  };
}

/** Takes over a count, unless a newer one is known. */
function hears(inbox: Inbox, { unread, unread_version, unread_position }: Unread): Inbox {
  if (unread_version < inbox.counted.unread_version) return inbox;
  return { ...inbox, counted: { unread, unread_version, unread_position } };
}

/** The server's count, and what came since. */
function recounted(inbox: Inbox): Inbox {
  const isLater = (item: Notification) => isUnread(item) && item.id > inbox.counted.unread_position;
  return { ...inbox, unread: inbox.counted.unread + inbox.items.filter(isLater).length };
}

function leaves(inbox: Inbox, ids: number[]): Inbox {
  const set = new Set(ids);
  const stays = ({ id }: Notification) => !set.has(id);
  return {
    ...inbox,
    items: inbox.items.filter(stays),
    front: inbox.front.filter(stays),
    gone: [...inbox.gone, ...ids].slice(-MOST_GONE),
  };
}

function changed(before: Inbox, change: InboxChange, at: string): Inbox {
  const read = new Set(change.read);
  const mine = new Set(change.acknowledged);
  const isRead = ({ id }: Notification) => read.has(id) || id <= (change.read_up_to ?? 0);
  const touched = (item: Notification): Notification => {
    const read_at = item.read_at ?? (isRead(item) ? at : null);
    const acknowledged_at = item.acknowledged_at ?? (mine.has(item.id) ? at : null);
    const isSame = read_at === item.read_at && acknowledged_at === item.acknowledged_at;
    return isSame ? item : { ...item, read_at, acknowledged_at };
  };
  const away = leaves(before, change.archived);
  // Putting it away does not take it from the front.
  const inbox = { ...away, items: away.items.map(touched), front: before.front.map(touched) };
  return recounted(hears(inbox, change));
}

function acknowledged(inbox: Inbox, id: number, by: Acknowledgement): Inbox {
  const adds = (item: Notification): Notification => {
    if (item.id !== id || item.acknowledgements.some(({ user }) => user.id === by.user.id)) return item;
    return { ...item, acknowledgements: [...item.acknowledgements, by] };
  };
  return handled({ ...inbox, items: inbox.items.map(adds) }, [id]);
}

/** Nobody need acknowledge these any more. */
function handled(inbox: Inbox, ids: number[]): Inbox {
  return {
    ...inbox,
    front: without(inbox.front, ids, (item) => item.id),
    handled: [...inbox.handled, ...ids].slice(-MOST_GONE),
  };
}

/** Of these, what nobody has acknowledged. */
function inFront(inbox: Inbox, items: Notification[]): Notification[] {
  const isAwaited = ({ requires_ack, acknowledgements, id }: Notification) =>
    requires_ack && acknowledgements.length === 0 && !inbox.handled.includes(id);
  return merge([], items).filter(isAwaited);
}

function newestPage(state: LiveState, event: Extract<LiveEvent, { type: 'page' }>): LiveState {
  const { page, replace = false, moved = false } = event;
  const before = replace ? { ...EMPTY_INBOX, front: state.inbox.front } : state.inbox;
  const head = page.position ?? before.counted.unread_position;
  const stays = moved ? before.items.filter((item) => item.id > head) : stillThere(before.items, page, head);
  const items = merge(stays, kept(before, page.items));
  return {
    ...state,
    position: furthest(state.position, String(head)),
    inbox: recounted(
      bounded({
        ...hears(before, page),
        items,
        nextCursor: before.loaded && !moved ? before.nextCursor : page.next_cursor,
        truncated: before.truncated && !moved,
        loaded: true,
      }),
    ),
  };
}

function older(inbox: Inbox, page: NotificationPage): Inbox {
  // Asked for by hand, so the bound gives way: only arrivals push old ones out.
  return { ...inbox, items: merge(inbox.items, kept(inbox, page.items)), nextCursor: page.next_cursor };
}

/** What went after a page was read is not in the inbox any more. */
function kept(inbox: Inbox, items: Notification[]): Notification[] {
  const gone = new Set(inbox.gone);
  const replaced = new Set(inbox.replaced);
  return items.filter((item) => !gone.has(item.id) && !(replaced.has(item.id) && isUnread(item)));
}

/** What the newest page would show and does not was put away elsewhere, or has expired. */
function stillThere(items: Notification[], page: NotificationPage, head: number): Notification[] {
  const shown = new Set(page.items.map((item) => item.id));
  const oldest = page.next_cursor === null ? 0 : (page.items.at(-1)?.id ?? Infinity);
  return items.filter((item) => shown.has(item.id) || item.id > head || item.id < oldest);
}

/** Newest first, each id once; of two copies the second wins, but what was read or acknowledged stays so. */
function merge(known: Notification[], added: Notification[]): Notification[] {
  const byId = new Map(known.map((item) => [item.id, item]));
  for (const item of added) {
    const before = byId.get(item.id);
    byId.set(item.id, {
      ...item,
      read_at: item.read_at ?? before?.read_at ?? null,
      acknowledged_at: item.acknowledged_at ?? before?.acknowledged_at ?? null,
      // During a deployment an older server may still answer, which knows of none.
      acknowledgements: longest(item.acknowledgements ?? [], before?.acknowledgements),
    });
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

function without<T>(list: T[], gone: number[], idOf: (one: T) => number): T[] {
  const set = new Set(gone);
  return list.filter((one) => !set.has(idOf(one)));
}

/** Acknowledgements are only ever added. */
function longest<T>(one: T[], other: T[] = []): T[] {
  return other.length > one.length ? other : one;
}
