// Says what the catalogues (../locales) hold, in one language, in the form that catalogue.mjs has made of it.

import { HASH, type Lang, type Messages } from './messages.ts';

/** A text with `{variable}` in it; or a choice by a variable: a count's plural form, an exact count or a word. */
export type Pattern = string | [by: string, forms: { [form: string]: Pattern }];
/** The messages of a page in one language, by id. */
export type Words = { [id: string]: Pattern };

type Values = { [name: string]: string | number };
/** The messages whose ids begin so. */
export type IdOf<Prefix extends string> = Extract<keyof Messages, `${Prefix}-${string}`>;
type Asked<Id extends keyof Messages> = keyof Messages[Id] extends never ? [] : [values: Messages[Id]];

/** A message with its variables filled in. One that this page does not have (a newer server names what it does not know) is empty. */
export type Say<Prefix extends string> = <Id extends IdOf<Prefix>>(id: Id, ...values: Asked<Id>) => string;

function fill(pattern: Pattern | undefined, values: Values, lang: string): string {
  if (!pattern) return '';
  if (typeof pattern === 'string')
    return pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name]!;
      return typeof value === 'number' ? value.toLocaleString(lang) : value;
    });
  const [by, forms] = pattern;
  const value = values[by]!;
  return fill(forms[value] ?? forms[typeof value === 'number' ? new Intl.PluralRules(lang).select(value) : ''] ?? forms['other'], values, lang);
}

export const sayer =
  <Prefix extends string>(words: Words, lang: Lang): Say<Prefix> =>
  (id, ...[values]) =>
    fill(words[id], (values ?? {}) as Values, lang);

/** The messages of a page in a language, from the server. */
export async function fetchWords(page: 'listen' | 'embed' | 'stage' | 'more', lang: Lang): Promise<Words> {
  const response = await fetch(`/assets/${page}-${lang}-${HASH}.json`);
  if (!response.ok) throw new Error(`no words: ${response.status}`);
  return response.json();
}
