// The page's one clock: what shows "3 minutes ago" or counts down reads `clock.now` and is redrawn each second.
// It rests while the tab is hidden.

let now = $state(Date.now());

export const clock = {
  get now(): number {
    return now;
  },
};

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now = Date.now();
  }, 1000);
  document.addEventListener('visibilitychange', () => (now = Date.now()));
}
