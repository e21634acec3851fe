// What the server saw when it walked a client's way, put side by side: at the server itself (direct) and through the
// proxy (proxied). The first step that fails is what a watch keeper wants to know, and where.
import type { Health, WayProbe } from '../api/types';

/** In the order in which a client takes them. */
export const STEPS = [
  'polling',
  'post',
  'poll',
  'large-message',
  'websocket',
  'namespace',
  'upgrade',
  'held-poll',
  'row',
  'row-closed',
] as const;

export interface StepRow {
  step: string;
  direct: WayProbe | null;
  proxied: WayProbe | null;
}

export type Place = 'direct' | 'proxy' | 'row';

export interface Fault {
  step: string;
  place: Place;
  probe: WayProbe;
}

/** A row for each step that was taken on either way; a step that is new to this page comes last. */
export function stepRows(probes: readonly WayProbe[]): StepRow[] {
  const rows = new Map<string, StepRow>();
  for (const probe of probes) {
    const [way = '', step = probe.step] = probe.step.split(' ', 2);
    const row = rows.get(step) ?? { step, direct: null, proxied: null };
    rows.set(step, { ...row, [way === 'proxied' ? 'proxied' : 'direct']: probe });
  }
  const place = (step: string) => {
    const known = (STEPS as readonly string[]).indexOf(step);
    return known === -1 ? STEPS.length : known;
  };
  return [...rows.values()].sort((a, b) => place(a.step) - place(b.step));
}

/** A step that fails at the server, too, is not the proxy's fault; a row is neither's. */
export function firstFault(rows: readonly StepRow[]): Fault | null {
  for (const { step, direct, proxied } of rows) {
    const probe = direct?.ok === false ? direct : proxied?.ok === false ? proxied : null;
    if (probe === null) continue;
    if (isOfTheRow(step)) return { step, place: 'row', probe };
    return { step, place: probe === direct ? 'direct' : 'proxy', probe };
  }
  return null;
}

export function isOfTheRow(step: string): boolean {
  return step.startsWith('row');
}

export type StationState = 'ok' | 'fault' | 'unknown';

export interface Chain {
  /** Whether there is an address at which people open the page. */
  isSet: boolean;
  direct: StationState;
  proxy: StationState;
  row: StationState;
}

export function chainOf({ public_url, way }: Health): Chain {
  const rows = stepRows(way?.probes ?? []);
  const sockets = rows.filter(({ step }) => !isOfTheRow(step));
  const found = rows.filter(({ step }) => isOfTheRow(step));
  const isTheProxys = sockets.some(({ direct, proxied }) => proxied?.ok === false && direct?.ok !== false);
  const proxy = stateOf(sockets.map(({ proxied }) => proxied));
  return {
    isSet: public_url !== null,
    direct: stateOf(sockets.map(({ direct }) => direct)),
    // What fails at the server, too, says nothing of the proxy.
    proxy: proxy === 'fault' && !isTheProxys ? 'unknown' : proxy,
    row: stateOf(found.flatMap(({ direct, proxied }) => [direct, proxied])),
  };
}

function stateOf(probes: readonly (WayProbe | null)[]): StationState {
  const taken = probes.filter((probe) => probe !== null);
  if (taken.some(({ ok }) => !ok)) return 'fault';
  return taken.length > 0 ? 'ok' : 'unknown';
}

/** It walks every five minutes; three that were missed are no accident. */
const OLD_MS = 16 * 60_000;

export type Verdict =
  | { kind: 'server'; checks: string[] }
  | { kind: 'unseen' | 'findings' | 'old' | 'half' | 'well' }
  | { kind: Place; step: string };

/** The one thing to say of it all, the gravest first. */
export function verdictOf(health: Health, now: number): Verdict {
  const failing = health.checks.filter(({ ok }) => !ok);
  if (failing.length > 0) return { kind: 'server', checks: failing.map(({ name }) => name) };
  const { way } = health;
  if (way === null) return { kind: 'unseen' };
  const fault = firstFault(stepRows(way.probes));
  if (fault !== null) return { kind: fault.place, step: fault.step };
  if (way.verdict === 'faulty') return { kind: 'findings' };
  if (now - Date.parse(way.at) > OLD_MS) return { kind: 'old' };
  return { kind: health.public_url === null ? 'half' : 'well' };
}
