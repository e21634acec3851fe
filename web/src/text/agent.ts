// A user agent as a person would say it: "Chrome on Windows". The order matters, because browsers claim to be
// each other: Edge and Opera say "Chrome", Chrome says "Safari".

export interface Agent {
  /** A browser, or the program's own name. */
  browser: string;
  /** Null for a program that is not a browser. */
  system: string | null;
}

const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\bHeadlessChrome\//, 'Chrome (headless)'],
  [/\b(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const SYSTEMS: [RegExp, string][] = [
  [/\b(?:iPhone|iPod)\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

const PROGRAMS: [RegExp, string][] = [
  [/aiohttp|python/i, 'Python'],
  [/node|undici|xmlhttprequest/i, 'Node.js'],
  [/^curl\//, 'curl'],
  [/okhttp/i, 'OkHttp'],
  [/go-http-client/i, 'Go'],
  [/atalaya/i, 'atalaya'],
];

/** Null: nothing can be said. */
export function describeAgent(text: string | null): Agent | null {
  if (text === null || text.trim() === '') return null;
  const system = find(SYSTEMS, text);
  const browser = text.startsWith('Mozilla/') ? find(BROWSERS, text) : null;
  if (browser !== null) return { browser, system };
  const program = find(PROGRAMS, text) ?? (text.split(/[/\s]/)[0] || text);
  return { browser: program, system: null };
}

function find(table: [RegExp, string][], text: string): string | null {
  return table.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
