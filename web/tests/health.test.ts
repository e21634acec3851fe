// The panel's readings: each minute while somebody looks, in the language of the page, and never undone by a late one.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { whileVisible } from '../src/state/visible';

type Watch = import('../src/state/health.svelte').HealthWatch;

const way = (at: string) => ({ at, verdict: 'healthy', duration_ms: 1, findings: [], probes: [] });
const health = (at: string | null, version = '1') => ({ version, way: at === null ? null : way(at) });
const EARLY = '2026-03-01T12:00:00Z';
const LATE = '2026-03-01T12:05:00Z';

let watch: Watch;
let asked: { url: string; method: string; answer: (status: number, body: object) => void }[];

beforeEach(async () => {
  vi.resetModules();
  asked = [];
  vi.stubGlobal('fetch', (url: string, { method }: RequestInit) => {
    return new Promise<Response>((resolve) => {
      const answer = (status: number, body: object) =>
        resolve(
          new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } }),
        );
      asked.push({ url, method: method ?? '', answer });
    });
  });
  const { HealthWatch } = await import('../src/state/health.svelte');
  watch = new HealthWatch();
});

afterEach(() => vi.unstubAllGlobals());

const settles = () => new Promise((resolve) => setTimeout(resolve, 10));

describe('a reading', () => {
  it('asks in the language of the page', async () => {
    const read = watch.refresh();
    expect(asked[0]?.url).toBe('/api/health?lang=en');
    asked[0]?.answer(200, health(EARLY));
    await read;
    expect(watch.health?.way?.at).toBe(EARLY);
    expect(watch.readAt).not.toBeNull();
  });

  it('is not undone by one that was asked for before', async () => {
    const first = watch.refresh();
    const second = watch.refresh();
    asked[1]?.answer(200, health(LATE, 'new'));
    asked[0]?.answer(200, health(EARLY, 'old'));
    await Promise.all([first, second]);
    expect(watch.health?.version).toBe('new');
  });

  it('that fails leaves what was read, and says so', async () => {
    const first = watch.refresh();
    asked[0]?.answer(200, health(EARLY));
    await first;
    const second = watch.refresh();
    asked[1]?.answer(503, { code: 'database_unavailable' });
    await second;
    expect(watch.failure?.code).toBe('database_unavailable');
    expect(watch.isMissing).toBe(false);
    expect(watch.health).not.toBeNull();
  });

  it('of an older server finds nothing there', async () => {
    const read = watch.refresh();
    asked[0]?.answer(404, { code: 'unknown_route' });
    await read;
    expect(watch.isMissing).toBe(true);
  });

  it('that a proxy answers with its 404 is another matter', async () => {
    vi.stubGlobal('fetch', async () => new Response('<h1>404</h1>', { status: 404 }));
    await watch.refresh();
    expect(watch.failure?.code).toBe('not_the_api');
    expect(watch.isMissing).toBe(false);
  });
});

describe('a walk', () => {
  it('is asked for, and what it saw is not taken back by an older reading', async () => {
    const first = watch.refresh();
    asked[0]?.answer(200, health(EARLY));
    await first;
    const walk = watch.walk();
    expect(watch.walking.busy).toBe(true);
    expect(asked[1]).toMatchObject({ url: '/api/health/way?lang=en', method: 'POST' });
    asked[1]?.answer(200, way(LATE));
    await settles();
    expect(watch.health?.way?.at).toBe(LATE);
    asked[2]?.answer(200, health(EARLY));
    expect(await walk).toBe(true);
    expect(watch.health?.way?.at).toBe(LATE);
    expect(watch.walking.busy).toBe(false);
  });

  it('is asked for once at a time', async () => {
    void watch.walk();
    void watch.walk();
    await settles();
    expect(asked.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('that is refused because one is under way reads that one', async () => {
    const walk = watch.walk();
    asked[0]?.answer(429, { code: 'busy' });
    await settles();
    asked[1]?.answer(200, health(LATE));
    expect(await walk).toBe(false);
    expect(watch.walking.failure?.status).toBe(429);
    expect(watch.health?.way?.at).toBe(LATE);
  });
});

describe('while somebody looks', () => {
  it('goes on each minute, rests in a hidden tab, and makes up for it once', () => {
    vi.useFakeTimers();
    const page = Object.assign(new EventTarget(), { hidden: false });
    vi.stubGlobal('document', page);
    const action = vi.fn();
    const end = whileVisible(action, 60_000);
    vi.advanceTimersByTime(120_000);
    expect(action).toHaveBeenCalledTimes(2);
    page.hidden = true;
    vi.advanceTimersByTime(600_000);
    expect(action).toHaveBeenCalledTimes(2);
    page.hidden = false;
    page.dispatchEvent(new Event('visibilitychange'));
    page.dispatchEvent(new Event('visibilitychange'));
    expect(action).toHaveBeenCalledTimes(3);
    end();
    vi.advanceTimersByTime(120_000);
    page.dispatchEvent(new Event('visibilitychange'));
    expect(action).toHaveBeenCalledTimes(3);
    vi.useRealTimers();
  });
});
