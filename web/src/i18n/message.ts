// Messages as typed values: `{name}` marks what is filled in, and the compiler asks for exactly those names.
// A message that depends on a number is two texts, chosen by the language's own plural rule on `count`.

export type Message = string | { one: string; other: string };

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;

type NamesOf<M extends Message> = M extends string
  ? Names<M>
  : M extends { one: infer One extends string; other: infer Other extends string }
    ? Names<One> | Names<Other> | 'count'
    : never;

/** The arguments after the key: none when nothing is to be filled in. */
export type Arguments<M extends Message> = [NamesOf<M>] extends [never]
  ? []
  : [values: { [Name in NamesOf<M>]: Name extends 'count' ? number : string | number }];

export function fill(message: Message, values: Record<string, string | number>, locale: string): string {
  const text = typeof message === 'string' ? message : plural(message, Number(values.count), locale);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? value.toLocaleString(locale) : value;
  });
}

function plural(message: { one: string; other: string }, count: number, locale: string): string {
  return new Intl.PluralRules(locale).select(count) === 'one' ? message.one : message.other;
}
