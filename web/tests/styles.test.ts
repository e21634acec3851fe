// What the colours promise: both ways to the dark theme are the same, and text can be read on what it stands on.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8');
const light = tokens(block(':root {'));
const dark = tokens(block(":root[data-theme='dark'] {"));
const auto = tokens(block(":root:not([data-theme='light']) {"));

function block(start: string): string {
  const from = css.indexOf(start);
  return css.slice(from, css.indexOf('}', from));
}

function tokens(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map((match) => [match[1], match[2]]),
  );
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const PAIRS = [
  ...['--ink', '--ink-soft', '--critical', '--warning', '--success', '--info', '--link'].flatMap((text) =>
    ['--sky', '--surface'].map((under) => [text, under]),
  ),
  ...['critical', 'warning', 'success', 'info'].flatMap((name) => [
    [`--${name}`, `--${name}-wash`],
    ['--ink', `--${name}-wash`],
    ['--ink-soft', `--${name}-wash`],
  ]),
  ['--ink-soft', '--sunken'],
  ['--ink-soft', '--lamp-wash'],
  ['--lamp-ink', '--lamp'],
  ['--action-ink', '--action'],
  ['--action-ink', '--action-hover'],
  ['--rail-soft', '--rail-bottom'],
] as [string, string][];

describe('the themes', () => {
  it('are the same dark, chosen by the system or by hand', () => {
    expect(auto).toEqual(dark);
  });

  it.each([
    ['light', light],
    ['dark', { ...light, ...dark }],
  ])('%s: text has a contrast of at least 4.5', (_, theme) => {
    for (const [text, under] of PAIRS) {
      expect
        .soft(contrast(theme[text] ?? '', theme[under] ?? ''), `${text} on ${under}`)
        .toBeGreaterThanOrEqual(4.5);
    }
  });
});
