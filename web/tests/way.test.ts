import { describe, expect, it } from 'vitest';
import { healthOf, walk } from '../mock/health.mjs';
import type { Health, Way, WayProbe } from '../src/api/types';
import { en } from '../src/i18n/en';
import { chainOf, firstFault, STEPS, stepRows, verdictOf } from '../src/state/way';

const AT = '2026-03-01T12:00:00Z';
const NOW = Date.parse(AT) + 60_000;

function probe(step: string, ok = true): WayProbe {
  return { step, target: 'http://127.0.0.1:3001', ok, duration_ms: 3, detail: ok ? 'well' : 'badly' };
}

function way(...probes: WayProbe[]): Way {
  const verdict = probes.every(({ ok }) => ok) ? 'healthy' : 'faulty';
  return { at: AT, verdict, duration_ms: 640, findings: [], probes };
}

function health(more: Partial<Health> = {}): Health {
  return {
    version: '0.1.0',
    node: 'vm:3001/0da7e27a',
    database: 'sqlite',
    started_at: AT,
    sockets: 1,
    users: 1,
    checks: [{ name: 'database', ok: true, detail: null }],
    public_url: 'https://apps.example.com',
    way: way(probe('direct polling'), probe('proxied polling')),
    ...more,
  };
}

describe('the steps of a way', () => {
  it('stand side by side, in the order in which a client takes them', () => {
    const rows = stepRows([
      probe('direct polling'),
      probe('direct websocket'),
      probe('proxied row'),
      probe('proxied polling'),
      probe('direct upgrade'),
    ]);
    expect(rows.map(({ step }) => step)).toEqual(['polling', 'websocket', 'upgrade', 'row']);
    expect(rows[0]?.direct?.step).toBe('direct polling');
    expect(rows[0]?.proxied?.step).toBe('proxied polling');
    expect(rows[1]?.proxied).toBeNull();
    expect(rows[3]?.direct).toBeNull();
  });

  it('keep one that is new to this page, at the end', () => {
    const rows = stepRows([probe('direct teleport', false), probe('direct row'), probe('odd')]);
    expect(rows.map(({ step }) => step)).toEqual(['row', 'teleport', 'odd']);
    expect(firstFault(rows)).toMatchObject({ step: 'teleport', place: 'direct' });
  });

  it('have a name in words each', () => {
    for (const step of STEPS) expect(en).toHaveProperty([`health.step.${step}`]);
  });

  it.each([
    ['none', [probe('direct post'), probe('proxied post')], null],
    ['at the proxy', [probe('direct websocket'), probe('proxied websocket', false)], 'proxy'],
    [
      'at the server, then also behind it',
      [probe('direct post', false), probe('proxied post', false)],
      'direct',
    ],
    ['in the table', [probe('direct post'), probe('proxied row-closed', false)], 'row'],
    ['in the table, with no proxy', [probe('direct post'), probe('direct row', false)], 'row'],
    ['only the proxy was asked', [probe('proxied poll', false)], 'proxy'],
  ])('differ first: %s', (_, probes, place) => {
    expect(firstFault(stepRows(probes))?.place ?? null).toBe(place);
  });

  it('name the earliest of several', () => {
    const fault = firstFault(
      stepRows([
        probe('direct post'),
        probe('direct websocket', false),
        probe('proxied post', false),
        probe('proxied websocket', false),
      ]),
    );
    expect(fault).toMatchObject({ step: 'post', place: 'proxy' });
  });
});

describe('the line with its stations', () => {
  it('is lit where all goes well', () => {
    const all = way(probe('direct polling'), probe('proxied polling'), probe('proxied row'));
    expect(chainOf(health({ way: all }))).toEqual({ isSet: true, direct: 'ok', proxy: 'ok', row: 'ok' });
  });

  it('breaks where the ways part, and does not claim what lies behind', () => {
    const broken = way(probe('direct polling'), probe('proxied polling', false));
    expect(chainOf(health({ way: broken }))).toMatchObject({ direct: 'ok', proxy: 'fault', row: 'unknown' });
  });

  it('breaks at the server without accusing the proxy', () => {
    const broken = way(probe('direct polling', false), probe('proxied polling', false));
    expect(chainOf(health({ way: broken }))).toMatchObject({ direct: 'fault', proxy: 'unknown' });
  });

  it('knows nothing where nobody walked', () => {
    const none = chainOf(health({ way: null, public_url: null }));
    expect(none).toEqual({ isSet: false, direct: 'unknown', proxy: 'unknown', row: 'unknown' });
  });
});

describe('the verdict', () => {
  it.each([
    ['all is well', health(), 'well'],
    ['no address', health({ public_url: null, way: way(probe('direct polling')) }), 'half'],
    ['never walked', health({ way: null }), 'unseen'],
    ['the proxy', health({ way: way(probe('direct post'), probe('proxied post', false)) }), 'proxy'],
    ['the server', health({ way: way(probe('direct post', false)) }), 'direct'],
    ['the table', health({ way: way(probe('proxied row', false)) }), 'row'],
    ['a fault of no step', health({ way: { ...way(probe('direct post')), verdict: 'faulty' } }), 'findings'],
  ])('%s', (_, given, kind) => {
    expect(verdictOf(given, NOW).kind).toBe(kind);
    expect(en).toHaveProperty([`health.verdict.${kind}`]);
  });

  it('does not stay green when nobody walks any more', () => {
    expect(verdictOf(health(), NOW + 20 * 60_000).kind).toBe('old');
    expect(verdictOf(health(), NOW + 10 * 60_000).kind).toBe('well');
  });

  it('says first that the server itself is not well', () => {
    const checks = [
      { name: 'database', ok: false, detail: 'it does not answer' },
      { name: 'ledger', ok: false, detail: null },
      { name: 'lease', ok: true, detail: null },
    ];
    const broken = way(probe('direct polling', false));
    expect(verdictOf(health({ checks, way: broken }), NOW)).toEqual({
      kind: 'server',
      checks: ['database', 'ledger'],
    });
  });
});

describe('the mock', () => {
  const world = (kind: string) => ({ health: kind, sessions: [], startedAt: 0 });

  it.each([
    ['healthy', 'well'],
    ['faulty', 'proxy'],
    ['unset', 'half'],
    ['sick', 'server'],
  ])('that is %s', (kind, verdict) => {
    expect(verdictOf(healthOf(world(kind), 'en') as Health, Date.now()).kind).toBe(verdict);
  });

  it('speaks Spanish', () => {
    const { findings } = walk({ health: 'faulty' }, 'es', 0) as Way;
    expect(findings[0]?.effect).toContain('cabeceras');
  });
});
