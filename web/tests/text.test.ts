import { describe, expect, it } from 'vitest';
import { describeAgent } from '../src/text/agent';
import { isExternal, safeLink } from '../src/text/link';
import { dayOf, duration, relative, timeOrDate } from '../src/text/time';
import { isTopicName } from '../src/text/topic';

const NOW = new Date(2026, 2, 1, 12, 0, 0).getTime();
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, ' ');

describe('time in words', () => {
  it.each([
    [0, 'now'],
    [9 * SECOND, 'now'],
    [45 * SECOND, '45 sec. ago'],
    [119 * SECOND, '1 min. ago'],
    [3 * HOUR, '3 hr. ago'],
    [30 * HOUR, 'yesterday'],
    [-5 * SECOND, 'now'],
  ])('%d ms ago', (ago, words) => {
    expect(plain(relative(NOW - ago, NOW, 'en'))).toBe(words);
  });

  it('speaks Spanish', () => {
    expect(plain(relative(NOW - 3 * HOUR, NOW, 'es'))).toBe('hace 3 h');
  });

  it.each([
    [0, '0 sec'],
    [59 * SECOND, '59 sec'],
    [HOUR + 5 * 60 * SECOND + 9 * SECOND, '1 hr 5 min'],
    [25 * HOUR, '1 day 1 hr'],
    [2 * HOUR, '2 hr'],
    [-1, '0 sec'],
  ])('%d ms long', (ms, words) => {
    expect(plain(duration(ms, 'en'))).toBe(words);
  });

  it('knows today and yesterday by the calendar, not by 24 hours', () => {
    expect(dayOf(new Date(2026, 2, 1, 0, 0, 1).getTime(), NOW)).toBe('today');
    expect(dayOf(new Date(2026, 1, 28, 23, 59).getTime(), NOW)).toBe('yesterday');
    expect(dayOf(new Date(2026, 1, 27, 8, 0).getTime(), NOW)).toBe(new Date(2026, 1, 27).getTime());
  });

  it('adds the date when it is not today', () => {
    expect(plain(timeOrDate(NOW - HOUR, NOW, 'en-GB'))).toBe('11:00:00');
    expect(plain(timeOrDate(NOW - 24 * HOUR, NOW, 'en-GB'))).toBe('28 Feb, 12:00');
  });
});

describe('user agents', () => {
  const chrome =
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36';
  it.each([
    [chrome, 'Chrome', 'Windows'],
    [`${chrome} Edg/142.0`, 'Edge', 'Windows'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0', 'Firefox', 'Linux'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605 Version/18.5 Mobile Safari/604.1',
      'Safari',
      'iPhone',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36',
      'Chrome',
      'Android',
    ],
    ['node-XMLHttpRequest', 'Node.js', null],
    ['Python/3.13 aiohttp/3.12', 'Python', null],
    ['curl/8.14.1', 'curl', null],
    ['MyApp/1.2 (x)', 'MyApp', null],
  ])('%s', (text, browser, system) => {
    expect(describeAgent(text)).toEqual({ browser, system });
  });

  it('says nothing about nothing', () => {
    expect(describeAgent(null)).toBeNull();
    expect(describeAgent('  ')).toBeNull();
  });
});

describe('links from publishers', () => {
  const origin = 'https://apps.example.com';
  it.each([
    ['https://a.example/x', 'https://a.example/x'],
    ['/sessions', 'https://apps.example.com/sessions'],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    [' JaVaScRiPt:alert(1)', null],
    ['http://[', null],
    ['', null],
    [null, null],
  ])('%s', (link, href) => {
    expect(safeLink(link, origin)).toBe(href);
  });

  it('knows its own origin', () => {
    expect(isExternal('https://a.example/', origin)).toBe(true);
    expect(isExternal(`${origin}/send`, origin)).toBe(false);
  });
});

describe('the name of a topic', () => {
  it.each(['a', 'alerts.north', 'A_b-9', '...', 'x'.repeat(100)])('can be %s', (name) => {
    expect(isTopicName(name)).toBe(true);
  });

  it.each(['', 'two words', 'ñ', 'a/b', 'a\n', '.', '..', 'x'.repeat(101)])('cannot be %j', (name) => {
    expect(isTopicName(name)).toBe(false);
  });
});
