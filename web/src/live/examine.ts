// What this page can find out by itself when it cannot connect: one plain request for a session, as a client's first
// is, and which of the doctor's rules (docs/checks.md) the answer speaks for. Where it speaks for none, none is named.

export const RULES = [
  'upgrade-headers',
  'forced-upgrade',
  'path-swallowed',
  'no-location',
  'redirected',
  'query-lost',
  'auth-in-the-way',
  'origin-refused',
  'address-denied',
  'no-sticky-sessions',
  'engine-io-version',
  'body-limit',
  'request-limit',
  'back-end-down',
  'read-timeout',
] as const;

export type Rule = (typeof RULES)[number];

export interface Answer {
  /** Of a redirect, which a browser does not show, 302. */
  status: number;
  type: string;
  body: string;
}

export interface Found {
  /** Whether anybody answered. */
  reached: boolean;
  rule: Rule | null;
}

/** Engine.IO's own refusals, by their number. A server that is stopping or full says 503, with a number all the same. */
const BY_CODE: Record<number, Rule> = {
  0: 'query-lost',
  1: 'no-sticky-sessions',
  3: 'upgrade-headers',
  4: 'origin-refused',
  5: 'engine-io-version',
};

const BY_STATUS: Record<number, Rule> = {
  401: 'auth-in-the-way',
  413: 'body-limit',
  502: 'back-end-down',
  504: 'read-timeout',
};

/** Where a page comes in place of Engine.IO's words. */
const BY_STATUS_OF_A_PAGE: Record<number, Rule> = {
  200: 'path-swallowed',
  403: 'address-denied',
  404: 'no-location',
  405: 'path-swallowed',
  429: 'request-limit',
  503: 'request-limit',
};

/**
 * From the answer to the request for a session and, if there was one, from the answer to the message that closed it.
 * Where both went well, polling gets through; only the websocket is left to be at fault.
 */
export function ruleOf(opened: Answer, closed: Answer | null): Rule | null {
  if (!isSession(opened)) return ruleOfRefusal(opened);
  if (closed === null) return null;
  if (closed.status === 200 && closed.body === 'ok') return 'upgrade-headers';
  const rule = ruleOfRefusal(closed);
  // There is a location, as the first answer shows, and messages do not get to it.
  return rule === 'no-location' ? 'path-swallowed' : rule;
}

function ruleOfRefusal({ status, type, body }: Answer): Rule | null {
  const code = [400, 403].includes(status) ? codeOf(body) : null;
  if (code !== null) return BY_CODE[code] ?? null;
  if (status >= 300 && status < 400) return 'redirected';
  if ([400, 426].includes(status) && /Sec-WebSocket|Upgrade Required/.test(body)) return 'forced-upgrade';
  const isPage = type.startsWith('text/html');
  if (status === 403 && !isPage) return 'origin-refused';
  return BY_STATUS[status] ?? (isPage ? BY_STATUS_OF_A_PAGE[status] : undefined) ?? null;
}

function isSession({ status, body }: Answer): boolean {
  return status === 200 && body.startsWith('0{"sid"');
}

function codeOf(body: string): number | null {
  const { code } = (parsed(body) ?? {}) as { code?: unknown };
  return typeof code === 'number' ? code : null;
}

function sessionOf(body: string): string | null {
  const { sid } = (parsed(body.slice(1)) ?? {}) as { sid?: unknown };
  return typeof sid === 'string' ? sid : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

export interface ExamineOptions {
  url: string;
  path: string;
  fetch?: typeof fetch;
}

const PATIENCE_MS = 5_000;

/** Takes no longer than five seconds for each of its two requests. The session that it opens it closes. */
export async function examine({ url, path, fetch: by }: ExamineOptions): Promise<Found> {
  const ask = (more: string, init: RequestInit) =>
    answerOf(by ?? fetch, `${url}${path.replace(/\/*$/, '/')}?EIO=4&transport=polling${more}`, init);
  const opened = await ask('', { method: 'GET' });
  if (opened === null) return { reached: false, rule: null };
  const sid = isSession(opened) ? sessionOf(opened.body) : null;
  const closed =
    sid === null
      ? null
      : await ask(`&sid=${encodeURIComponent(sid)}`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain;charset=UTF-8' },
          body: '1',
        });
  return { reached: true, rule: ruleOf(opened, closed) };
}

/** Null: nothing came, for whatever reason. */
async function answerOf(by: typeof fetch, url: string, init: RequestInit): Promise<Answer | null> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const response = await by(url, {
      ...init,
      redirect: 'manual',
      cache: 'no-store',
      signal: patience.signal,
    });
    if (response.type === 'opaqueredirect') return { status: 302, type: '', body: '' };
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, type, body: await response.text() };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
