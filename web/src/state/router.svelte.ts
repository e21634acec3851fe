// Where we are. Links stay links: a click on one of our own is taken over in one place, so that opening in a
// new tab, copying and the back button work as everywhere.
import { isOwnClick, type Page, pageAt, PATHS } from '../route';

let path = $state(location.pathname);

export const router = {
  get page(): Page | null {
    return pageAt(path);
  },
};

export function go(page: Page, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', PATHS[page]);
  else history.replaceState(null, '', PATHS[page]);
  path = location.pathname;
  if (how === 'push') scrollTo(0, 0);
}

/** Starts listening; called once. */
export function startRouter(): void {
  addEventListener('popstate', () => (path = location.pathname));
  addEventListener('click', (event) => {
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || link.target !== '' || link.hasAttribute('download') || !isOwnClick(event)) return;
    const url = new URL(link.href);
    const page = url.origin === location.origin && url.hash === '' ? pageAt(url.pathname) : null;
    if (page === null) return;
    event.preventDefault();
    if (url.pathname !== location.pathname) go(page);
  });
}
