// The pages and their addresses. The server answers every unknown path with index.html, so each of these can
// be opened, reloaded and bookmarked.

export const PATHS = {
  inbox: '/',
  sessions: '/sessions',
  refused: '/sessions/refused',
  topics: '/topics',
  send: '/send',
  health: '/health',
  login: '/login',
} as const;

export type Page = keyof typeof PATHS;

/** Null: there is no such page. A slash at the end makes no difference. */
export function pageAt(path: string): Page | null {
  const plain = path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
  if (plain === '/inbox' || plain === '/index.html') return 'inbox';
  const found = Object.entries(PATHS).find(([, at]) => at === plain);
  return found ? (found[0] as Page) : null;
}

/** Whether a click is ours: a plain one, on a link to this origin, in this tab. */
export function isOwnClick(
  event: Pick<MouseEvent, 'button' | 'metaKey' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'defaultPrevented'>,
): boolean {
  const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  return event.button === 0 && !modified && !event.defaultPrevented;
}
