export function healthOf(world: object, lang: string): unknown;
export function walk(world: object, lang: string, agoMs: number): unknown;
