// What this browser keeps between visits. A browser that forbids storage loses comfort, not function, so
// failures are silent here.

export type Item = 'language' | 'theme' | 'token';

export const STORAGE_PREFIX = 'atalaya.';

export function load(item: Item): string | null {
  try {
    return localStorage.getItem(STORAGE_PREFIX + item);
  } catch {
    return null;
  }
}

export function save(item: Item, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(STORAGE_PREFIX + item);
    else localStorage.setItem(STORAGE_PREFIX + item, value);
  } catch {
    // Kept for as long as the page is open, then.
  }
}
