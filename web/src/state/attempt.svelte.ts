// One thing that is done at a time, for a control that shows that it waits and what went wrong.
import { ApiError } from '../api/client';

export class Attempt {
  busy = $state(false);
  /** Of the last one that was tried. */
  failure = $state.raw<ApiError | null>(null);

  /** Whether it worked; false also while another one is under way. */
  async run(action: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.failure = null;
    try {
      await action();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.failure = error;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
