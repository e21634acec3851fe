// The watch keeper's panel: what the server says of itself, and of the way that it walks as a client would.
import { ApiError } from '../api/client';
import type { Health, Way } from '../api/types';
import { i18n } from '../i18n/index.svelte';
import { Attempt } from './attempt.svelte';
import { api } from './auth.svelte';

export class HealthWatch {
  health = $state.raw<Health | null>(null);
  /** When it was read (ms). */
  readAt = $state<number | null>(null);
  failure = $state.raw<ApiError | null>(null);
  readonly walking = new Attempt();
  #asked = 0;

  /** An older server says itself that there is nothing; a proxy's 404 is a page. */
  get isMissing(): boolean {
    return this.failure?.status === 404 && this.failure.problem !== null;
  }

  async refresh(): Promise<void> {
    const mine = ++this.#asked;
    try {
      const health = await api.health(i18n.language);
      if (mine !== this.#asked) return;
      this.health = { ...health, way: later(this.health?.way ?? null, health.way) };
      this.readAt = Date.now();
      this.failure = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (mine === this.#asked) this.failure = error;
    }
  }

  /** Has the way walked now. Where that is under way already, its result is on the next reading. */
  async walk(): Promise<boolean> {
    const walked = await this.walking.run(async () => {
      const way = await api.walkWay(i18n.language);
      if (this.health !== null) this.health = { ...this.health, way };
    });
    await this.refresh();
    return walked;
  }
}

/** An answer that was on its way while a newer walk ended must not take its place. */
function later(known: Way | null, read: Way | null): Way | null {
  if (known === null || read === null) return read;
  return Date.parse(known.at) > Date.parse(read.at) ? known : read;
}
