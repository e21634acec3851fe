// A notification's link comes from whoever published it, so it is only followed where it can do no harm:
// `javascript:` and the like are shown as text.

/** The address to put into `href`, or null. */
export function safeLink(link: string | null, origin: string): string | null {
  if (link === null || link.trim() === '') return null;
  try {
    const url = new URL(link, origin);
    return ['http:', 'https:', 'mailto:', 'tel:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function isExternal(href: string, origin: string): boolean {
  return new URL(href, origin).origin !== origin;
}
