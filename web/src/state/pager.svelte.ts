// A list that is read page by page and can be refreshed in place: the ledger, the refused connections, the topics.
import { ApiError } from '../api/client';

export interface PageOf<Row> {
  items: Row[];
  next_cursor: string | null;
}

type Read<Row, P extends PageOf<Row>> = (query: { cursor: string | null; limit: number }) => Promise<P>;

const PAGE = 50;
/** The most that the server gives at once, and so the most that stays live. */
const LONGEST_PAGE = 200;

export class Pager<Row extends { id: number | string }, P extends PageOf<Row>> {
  readonly #read: Read<Row, P>;
  #generation = 0;
  rows = $state.raw<Row[]>([]);
  nextCursor = $state<string | null>(null);
  /** The newest page as it came, for what it says besides the rows. */
  page = $state.raw<P | null>(null);
  /** When the rows were read (ms). */
  readAt = $state<number | null>(null);
  busy = $state(false);
  failure = $state.raw<ApiError | null>(null);

  constructor(read: Read<Row, P>) {
    this.#read = read;
  }

  /** Reads as many rows again as are shown. An answer that was overtaken by a later question is dropped. */
  async refresh(): Promise<void> {
    if (this.busy) return;
    const generation = ++this.#generation;
    const limit = Math.min(Math.max(this.rows.length, PAGE), LONGEST_PAGE);
    await this.#attempt(async () => {
      const page = await this.#read({ cursor: null, limit });
      if (generation !== this.#generation) return;
      this.page = page;
      this.rows = page.items;
      this.nextCursor = page.next_cursor;
      this.readAt = Date.now();
    });
  }

  async more(): Promise<void> {
    const cursor = this.nextCursor;
    if (cursor === null || this.busy) return;
    const generation = ++this.#generation;
    this.busy = true;
    await this.#attempt(async () => {
      const page = await this.#read({ cursor, limit: PAGE });
      if (generation !== this.#generation) return;
      const known = new Set(this.rows.map((row) => row.id));
      this.rows = [...this.rows, ...page.items.filter((row) => !known.has(row.id))];
      this.nextCursor = page.next_cursor;
    });
    this.busy = false;
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
      this.failure = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.failure = error;
    }
  }
}
