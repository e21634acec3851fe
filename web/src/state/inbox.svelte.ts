// What a person does with the inbox. The list itself is in the live state.
import { ApiError } from '../api/client';
import type { ReadSelection } from '../api/types';
import { api } from './auth.svelte';
import { dispatch, live, refreshInbox } from './live.svelte';

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
  await attempt(async () =>
    dispatch({ type: 'older', page: await api.notifications({ cursor, limit: 50 }) }),
  );
  loadingOlder = false;
}

export const markRead = (id: number): Promise<void> => mark({ ids: [id] });

/** Up to the newest that this page shows: one that is arriving this very moment stays unread. */
export async function markAllRead(): Promise<void> {
  const newest = live.state.inbox.items[0];
  if (newest) await mark({ up_to: newest.id });
}

export function reloadInbox(): Promise<void> {
  return refreshInbox({ replace: true });
}

async function mark(selection: ReadSelection): Promise<void> {
  await attempt(async () => {
    const { read, unread, up_to } = await api.markRead(selection);
    const change = { read, read_up_to: up_to, unread, archived: [], acknowledged: [] };
    dispatch({ type: 'inbox', change, at: new Date().toISOString() });
  });
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
