// The ledger as this page shows it: rows over HTTP, read again whenever the socket hints that something changed.
import type { RefusedConnection, RefusedPage, Session, SessionPage } from '../api/types';
import { api } from './auth.svelte';
import { Pager } from './pager.svelte';

export type LedgerFilter = 'active' | 'all';

export function createLedger(filter: () => LedgerFilter): Pager<Session, SessionPage> {
  return new Pager((query) => api.sessions({ ...query, active: filter() === 'active' ? true : undefined }));
}

export function createRefused(): Pager<RefusedConnection, RefusedPage> {
  return new Pager((query) => api.refused(query));
}
