// The language of the page: the browser's at first, then the one that was chosen. `t` is reactive: what a
// component shows with it changes with the language.
import { load, save } from '../state/storage';
import { en, type Key } from './en';
import { es } from './es';
import { type Arguments, fill, type Message } from './message';

export const LANGUAGES = { es: 'Español', en: 'English' } as const;
export type Language = keyof typeof LANGUAGES;
export type { Key };

const TEXTS: Record<Language, Record<Key, Message>> = { en, es };

let language = $state<Language>(initialLanguage());

export const i18n = {
  get language(): Language {
    return language;
  },
  set language(chosen: Language) {
    language = chosen;
    save('language', chosen);
  },
};

export function t<K extends Key>(key: K, ...values: Arguments<(typeof en)[K]>): string {
  return fill(TEXTS[language][key], values[0] ?? {}, language);
}

/** `prefix.code` when there is such a text, else null: for codes that come from the server. */
export function tKnown(key: string): string | null {
  return Object.hasOwn(en, key) ? fill(TEXTS[language][key as Key], {}, language) : null;
}

/** The first language that the browser prefers and we have. */
export function preferred(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0] ?? '';
    if (Object.hasOwn(LANGUAGES, base)) return base as Language;
  }
  return 'en';
}

function initialLanguage(): Language {
  const stored = load('language');
  if (stored !== null && Object.hasOwn(LANGUAGES, stored)) return stored as Language;
  return preferred(typeof navigator === 'undefined' ? [] : navigator.languages);
}
