// What crosses the socket, in both directions. The server's own list is in its socket events; these types are
// the web application's side of the same agreement.
import type { Acknowledgement, Notification, Role, Unread } from '../api/types';

export type { Acknowledgement };

/** The row of the ledger that this tab's connection is. */
export interface OwnSession {
  id: number;
  socket_id: string;
  connected_at: string;
}

/** What changed in the inbox, and how many are unread after it. */
export interface InboxChange extends Unread {
  read: number[];
  /** Everything up to here is read now; null when single ones were named. */
  read_up_to: number | null;
  archived: number[];
  acknowledged: number[];
}

/** What decides, besides their name, what is sent to this user. */
export interface Membership {
  role: Role;
  /** Those whose notifications are theirs: subscribed to, and for their role. */
  topics: string[];
}

export interface ServerToClient {
  session: (session: OwnSession) => void;
  /** Also under the event name that the publisher gave. `offset` is where to go on after this one. */
  notification: (item: Notification, offset: string) => void;
  inbox: (change: InboxChange) => void;
  /** The replay is over; unless it is complete, something may be missing. */
  sync: (end: { from: number | null; to: number; complete: boolean }) => void;
  /** These are in nobody's inbox any more: recalled, or expired. */
  removed: (what: { ids: number[] }) => void;
  /** Somebody whom it is for has acknowledged it. */
  acknowledged: (what: { id: number } & Acknowledgement) => void;
  /** The role or the topics of this user are others now, and with them what is theirs: an `inbox` follows. */
  membership: (membership: Membership) => void;
  /** A hint that the ledger changed; the rows themselves are read over HTTP. */
  sessions: (hint: { active: number }) => void;
}

export type Reply<T> = ({ ok: true } & T) | { ok: false; error: { code: string; message: string } };

export interface ClientToServer {
  watch: (what: { sessions: boolean }, reply: (reply: Reply<object>) => void) => void;
}

const RESERVED = new Set<string>([
  'session',
  'inbox',
  'sessions',
  'sync',
  'removed',
  'acknowledged',
  'membership',
] satisfies (keyof ServerToClient)[]);

/** A publisher may name the event, so a notification is known by its shape and not by its name. */
export function isNotification(event: string, payload: unknown): payload is Notification {
  if (RESERVED.has(event) || typeof payload !== 'object' || payload === null) return false;
  const item = payload as Partial<Notification>;
  return typeof item.id === 'number' && typeof item.title === 'string' && typeof item.severity === 'string';
}
