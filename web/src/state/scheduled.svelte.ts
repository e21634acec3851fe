// What this user has sent for later, and what becomes of it.
import { ApiError } from '../api/client';
import type { ScheduledNotification, ScheduledPage } from '../api/types';
import { api } from './auth.svelte';
import { Pager } from './pager.svelte';

type Row = ScheduledNotification & { id: number };

let failure = $state.raw<ApiError | null>(null);

/** The last scheduled first. */
export const scheduled = new Pager<Row, ScheduledPage & { items: Row[] }>(async (query) => {
  const page = await api.scheduled(query);
  return { ...page, items: page.items.map((item) => ({ ...item, id: item.scheduled_id })) };
});

export const cancelling = {
  /** Of the last one that was tried. */
  get failure(): ApiError | null {
    return failure;
  },
};

export async function cancel(id: number): Promise<void> {
  failure = null;
  try {
    await api.cancelScheduled(id);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    failure = error;
  }
  await scheduled.refresh();
}
