// What a person does with the inbox. The list itself is in the live state.
import { ApiError } from '../api/client';
import type { Notification, NotificationPage, ReadSelection, Unread } from '../api/types';
import type { InboxChange } from '../live/events';
import { api } from './auth.svelte';
import { dispatch, live, refreshInbox } from './live.svelte';
import { Pager } from './pager.svelte';

let loadingOlder = $state(false);
let failure = $state.raw<ApiError | null>(null);

export const inboxActions = {
  get loadingOlder(): boolean {
    return loadingOlder;
  },
  /** Of the last thing that was tried. */
  get failure(): ApiError | null {
    return failure;
  },
};

export async function loadOlder(): Promise<void> {
  const cursor = live.state.inbox.nextCursor;
  if (cursor === null || loadingOlder) return;
  loadingOlder = true;
  const { membership } = live.state;
  await attempt(async () => {
    const page = await api.notifications({ cursor, limit: 50 });
    // What was theirs when it was asked for may be theirs no more; the list has begun anew.
    if (live.state.membership === membership) dispatch({ type: 'older', page });
  });
  loadingOlder = false;
}

export const markRead = (id: number): Promise<void> => mark({ ids: [id] });

/** Up to the newest that this page shows: one that is arriving this very moment stays unread. */
export async function markAllRead(): Promise<void> {
  const newest = live.state.inbox.items[0];
  if (newest) await mark({ up_to: newest.id });
}

/** Puts one away; it is in `archived` from then on. */
export async function archive(id: number): Promise<void> {
  await attempt(async () => {
    changed(await api.archive([id]));
  });
}

/** For everyone whom it is for. */
export async function acknowledge(id: number): Promise<void> {
  await attempt(async () => {
    const { acknowledgements, acknowledged_at: _, ...answer } = await api.acknowledge(id);
    changed({ ...answer, read: [id], acknowledged: [id] });
    for (const by of acknowledgements) dispatch({ type: 'acknowledged', id, by });
  });
}

/** Takes one's own back, from everybody. */
export async function recall(id: number): Promise<void> {
  await attempt(async () => {
    await api.recall(id);
    dispatch({ type: 'removed', ids: [id] });
  });
}

/** What was put away, newest first. */
export const archived = new Pager<Notification, NotificationPage>((query) =>
  api.notifications({ ...query, status: 'archived' }),
);

export function reloadInbox(): Promise<void> {
  return refreshInbox({ replace: true });
}

async function mark(selection: ReadSelection): Promise<void> {
  await attempt(async () => {
    const { up_to, ...answer } = await api.markRead(selection);
    changed({ ...answer, read_up_to: up_to });
  });
}

function changed(part: Unread & Partial<InboxChange>): void {
  const change = { read: [], read_up_to: null, archived: [], acknowledged: [], ...part };
  dispatch({ type: 'inbox', change, at: new Date().toISOString() });
}

async function attempt(action: () => Promise<void>): Promise<void> {
  failure = null;
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    failure = error;
  }
}
