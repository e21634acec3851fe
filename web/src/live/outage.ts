// When the page looks for the cause of a failure by itself: when it lasts, once in each outage, and at most once a
// minute. An outage goes from the first failure until there is a connection, or an answer of Atalaya's own.
import type { Found } from './examine';
import { type ConnectionProblem, isAnswered, isOnTheWay } from './problem';
import type { LiveEvent } from './reduce';

export interface Examination extends Found {
  /** When it was made (ms). */
  at: number;
}

export interface OutageOptions {
  examine: () => Promise<Found>;
  tell: (examination: Examination) => void;
}

/** The third or fourth attempt: a server that is started anew is back by then. */
const LASTS_MS = 6_000;
const PAUSE_MS = 60_000;

export class Outage {
  readonly #options: OutageOptions;
  #since: number | null = null;
  #isExamined = false;
  #lastAt = -Infinity;
  #number = 0;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  heard(event: LiveEvent): void {
    if (event.type === 'connected' || event.type === 'stopped') this.#over();
    if (event.type === 'lost') this.#lost(event.problem, event.at);
  }

  #over(): void {
    this.#since = null;
    this.#isExamined = false;
    this.#number += 1;
  }

  #lost({ kind }: ConnectionProblem, at: number): void {
    if (isAnswered(kind)) return this.#over();
    this.#since ??= at;
    const isDue = at - this.#since >= LASTS_MS && at - this.#lastAt >= PAUSE_MS;
    if (!isOnTheWay(kind) || this.#isExamined || !isDue) return;
    this.#isExamined = true;
    this.#lastAt = at;
    void this.#examine(at);
  }

  async #examine(at: number): Promise<void> {
    const whose = this.#number;
    const found = await this.#options.examine();
    if (whose === this.#number) this.#options.tell({ ...found, at });
  }
}
