import { describe, expect, it } from 'vitest';
import { isOwnClick, pageAt, PATHS } from '../src/route';

describe('addresses', () => {
  it('lead to their pages and back', () => {
    for (const [page, path] of Object.entries(PATHS)) expect(pageAt(path)).toBe(page);
  });

  it.each([
    ['/sessions/', 'sessions'],
    ['/topics/', 'topics'],
    ['/health/', 'health'],
    ['/healthz', null],
    ['/sessions/refused//', 'refused'],
    ['/inbox', 'inbox'],
    ['/index.html', 'inbox'],
    ['//', 'inbox'],
    ['/nowhere', null],
    ['/sessions/7', null],
  ])('%s', (path, page) => {
    expect(pageAt(path)).toBe(page);
  });
});

describe('a click', () => {
  const click = {
    button: 0,
    metaKey: false,
    ctrlKey: false,
    shiftKey: false,
    altKey: false,
    defaultPrevented: false,
  };

  it('is ours when it is a plain one, and the browser’s when it asks for a new tab', () => {
    expect(isOwnClick(click)).toBe(true);
    for (const other of [{ button: 1 }, { ctrlKey: true }, { metaKey: true }, { defaultPrevented: true }])
      expect(isOwnClick({ ...click, ...other })).toBe(false);
  });
});
