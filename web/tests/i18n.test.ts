import { describe, expect, it } from 'vitest';
import { en } from '../src/i18n/en';
import { es } from '../src/i18n/es';
import { preferred } from '../src/i18n/index.svelte';
import { fill, type Message } from '../src/i18n/message';

const texts = (message: Message) => (typeof message === 'string' ? [message] : [message.one, message.other]);
const names = (message: Message) =>
  [
    ...new Set(texts(message).flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))),
  ].sort();

describe('the languages', () => {
  it('have the same keys', () => {
    expect(Object.keys(es).sort()).toEqual(Object.keys(en).sort());
  });

  it.each(Object.keys(en) as (keyof typeof en)[])('say the same thing: %s', (key) => {
    expect(names(es[key])).toEqual(names(en[key]));
    expect(typeof es[key]).toBe(typeof en[key]);
    for (const text of [...texts(en[key]), ...texts(es[key])]) expect(text.trim()).toBe(text);
  });

  it('are chosen by what the browser prefers', () => {
    expect(preferred(['fr-FR', 'es-MX', 'en'])).toBe('es');
    expect(preferred(['EN-gb'])).toBe('en');
    expect(preferred(['fr'])).toBe('en');
    expect(preferred([])).toBe('en');
  });
});

describe('filling in', () => {
  it('puts values where they belong, numbers as the language writes them', () => {
    expect(fill('{a} and {b}', { a: 'x', b: 12_345 }, 'en')).toBe('x and 12,345');
    expect(fill('{b}', { b: 12_345 }, 'es')).toBe('12.345');
    expect(fill('{unknown}', {}, 'en')).toBe('{unknown}');
  });

  it('chooses the plural', () => {
    const message = { one: '{count} fila', other: '{count} filas' };
    expect([0, 1, 2].map((count) => fill(message, { count }, 'es'))).toEqual([
      '0 filas',
      '1 fila',
      '2 filas',
    ]);
  });
});
