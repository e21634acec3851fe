// Times in words. Everything takes `now`, so that a test can say when it is, and a component can be redrawn by
// the page's own clock.

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** "3 minutes ago". Clocks differ a little: what seems to lie in the future happened just now. */
export function relative(at: number, now: number, locale: string): string {
  const seconds = Math.max(0, Math.floor((now - at) / 1000));
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
  if (seconds < 10) return format.format(0, 'second');
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return format.format(-Math.floor(seconds / size), unit);
  }
  return format.format(0, 'second');
}

/** To the second, with the zone: what goes into a report. */
export function absolute(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'long' }).format(at);
}

/** The time of day; on another day than today, with the date. */
export function timeOrDate(at: number, now: number, locale: string): string {
  if (startOfDay(at) === startOfDay(now)) return clock(at, locale);
  const parts = { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' } as const;
  return new Intl.DateTimeFormat(locale, parts).format(at);
}

export function clock(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: 'medium' }).format(at);
}

/** The two largest units that matter: "2 h 5 min". */
export function duration(ms: number, locale: string): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = UNITS.map(([unit, size], index) => {
    const above = UNITS[index - 1]?.[1];
    return [unit, Math.floor((above === undefined ? seconds : seconds % above) / size)] as const;
  });
  const first = parts.findIndex(([, amount]) => amount > 0);
  if (first === -1) return amountOf(0, 'second', locale);
  return parts
    .slice(first, first + 2)
    .filter(([, amount]) => amount > 0)
    .map(([unit, amount]) => amountOf(amount, unit, locale))
    .join(' ');
}

function amountOf(amount: number, unit: Intl.RelativeTimeFormatUnit, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(amount);
}

export type Day = 'today' | 'yesterday' | number;

/** Which day something belongs to in the reader's own zone: a heading of the inbox. */
export function dayOf(at: number, now: number): Day {
  const day = startOfDay(at);
  if (day === startOfDay(now)) return 'today';
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  return day === startOfDay(yesterday.getTime()) ? 'yesterday' : day;
}

export function dayName(day: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }).format(day);
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
