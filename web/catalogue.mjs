// Reads the catalogues of ../locales (Fluent) and makes of them what the pages carry: the sentences of one page in one language as compact JSON,
// which shared/words.ts speaks, and shared/messages.ts, by which a misspelt id does not compile. Run by itself, it writes that file.
//
// Of Fluent it takes what a sentence needs: variables, terms and other messages, a choice by a count's plural form or by a word. What it
// does not know (functions, attributes) it refuses, so that no page says something else than the server.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { FluentParser } from '@fluent/syntax';

const LOCALES = new URL('../locales/', import.meta.url);
const TYPES = new URL('shared/messages.ts', import.meta.url);
/** What each page's script may say, by the beginnings of ids. */
export const PAGES = { listen: ['listen-', 'common-'], embed: ['listen-', 'common-', 'embed-'], stage: ['stage-', 'common-'], more: ['more-'] };
/** Pages in which each byte counts: they know a sentence by its number, from 1. */
const NUMBERED = ['listen', 'embed'];
/** References of one message to another, one in the other: more is a circle. */
const DEPTH_MAX = 8;

/** A choice may stand anywhere in a message, and is carried by the pages around the whole of it: `[variable, {form: pattern}]`, else a text. */
export class Compiler {
  constructor(code, text) {
    this.code = code;
    this.entries = new Map();
    const { body } = new FluentParser().parse(text);
    for (const entry of body) {
      if (entry.type === 'Junk') throw new Error(`locales/${code}.ftl: ${entry.annotations[0]?.message}: ${entry.content.trim()}`);
      if (entry.type === 'Message' || entry.type === 'Term') this.entries.set((entry.type === 'Term' ? '-' : '') + entry.id.name, entry);
    }
  }

  get ids() {
    return [...this.entries.keys()].filter((id) => !id.startsWith('-'));
  }

  /** The variables of a message, and of each whether it is a count. */
  variables(id) {
    const found = {};
    const see = (node) => {
      if (!node || typeof node !== 'object') return;
      if (node.type === 'VariableReference') found[node.id.name] ??= false;
      const plural = (variant) => variant.key.type === 'NumberLiteral' || /^(zero|one|two|few|many)$/.test(variant.key.name);
      if (node.type === 'SelectExpression' && node.selector.type === 'VariableReference') found[node.selector.id.name] ||= node.variants.some(plural);
      if (node.type === 'MessageReference' || node.type === 'TermReference') see(this.referred(node));
      for (const value of Object.values(node)) Array.isArray(value) ? value.forEach(see) : see(value);
    };
    see(this.entries.get(id)?.value);
    return found;
  }

  referred(node) {
    const entry = this.entries.get((node.type === 'TermReference' ? '-' : '') + node.id.name);
    if (!entry || node.attribute || node.arguments) throw new Error(`locales/${this.code}.ftl: ${node.id.name} cannot be referred to`);
    return entry.value;
  }

  compile(id) {
    const entry = this.entries.get(id);
    if (!entry) throw new Error(`locales/${this.code}.ftl: there is no ${id}`);
    if (!entry.value || entry.attributes.length) throw new Error(`locales/${this.code}.ftl: ${id} must have a text and no attributes`);
    return this.pattern(id, entry.value.elements, 0);
  }

  pattern(id, elements, depth) {
    if (depth > DEPTH_MAX) throw new Error(`locales/${this.code}.ftl: ${id} says itself`);
    const at = elements.findIndex((e) => e.type === 'Placeable' && e.expression.type === 'SelectExpression');
    if (at < 0) return elements.map((e) => this.element(id, e, depth)).join('');
    const { selector, variants } = elements[at].expression;
    if (selector.type !== 'VariableReference') throw new Error(`locales/${this.code}.ftl: ${id} chooses by something that is no variable`);
    const forms = variants.map((variant) => {
      const key = variant.default ? 'other' : (variant.key.name ?? variant.key.value);
      return [key, this.pattern(id, [...elements.slice(0, at), ...variant.value.elements, ...elements.slice(at + 1)], depth + 1)];
    });
    return [selector.id.name, Object.fromEntries(forms)];
  }

  element(id, node, depth) {
    const literal = (text) => {
      if (/[{}]/.test(text)) throw new Error(`locales/${this.code}.ftl: ${id} holds a brace`);
      return text;
    };
    if (node.type === 'TextElement') return literal(node.value);
    const { expression } = node;
    switch (expression.type) {
      case 'VariableReference':
        if (!/^\w+$/.test(expression.id.name)) throw new Error(`locales/${this.code}.ftl: ${id} has a variable that is no word: ${expression.id.name}`);
        return `{${expression.id.name}}`;
      case 'StringLiteral':
        return literal(expression.parse().value);
      case 'TermReference':
      case 'MessageReference': {
        const text = this.pattern(id, this.referred(expression).elements, depth + 1);
        if (typeof text !== 'string') throw new Error(`locales/${this.code}.ftl: ${id} refers to a choice`);
        return text;
      }
      default:
        throw new Error(`locales/${this.code}.ftl: ${id} holds a ${expression.type}`);
    }
  }
}

/** Codes of the languages, sorted. */
export const CODES = readdirSync(LOCALES).filter((name) => name.endsWith('.ftl')).map((name) => name.slice(0, -4)).sort();
const compilers = new Map(CODES.map((code) => [code, new Compiler(code, readFileSync(new URL(`${code}.ftl`, LOCALES), 'utf8'))]));

const among = (id, prefixes) => prefixes.some((prefix) => id.startsWith(prefix));

/** The ids that a page may say, in an order that is the same for all languages. */
const idsOf = (page) => compilers.get('en').ids.filter((id) => among(id, PAGES[page])).sort();

/** The sentences of a page in a language, by id. */
export const words = (page, code) => Object.fromEntries(idsOf(page).map((id) => [id, compilers.get(code).compile(id)]));

/** The same as JSON, which may stand inside a script element; by number where each byte counts. */
export function file(page, code) {
  const said = words(page, code);
  return JSON.stringify(NUMBERED.includes(page) ? [0, ...Object.values(said)] : said).replaceAll('<', '\\u003c');
}

/** A script of such a page in which each id, which must stand there whole, is its number in the file of its sentences. */
export function numbered(script, page) {
  const numbers = new Map(idsOf(page).map((id, at) => [id, at + 1]));
  const code = script.replace(/(["'`])([a-z][\w-]*)\1/g, (whole, _, id) => numbers.get(id) ?? whole);
  const left = /["'`](?:listen|common|embed)-[^"'`]*/.exec(code);
  if (left) throw new Error(`the listener’s page says what is no message, or none that is named as a whole: ${left[0]}`);
  return code;
}

/** One sentence without variables. */
export const sentence = (id, code) => compilers.get(code).compile(id);

/** Of all that the pages may say: the part of a name that changes when that does. */
export const HASH = createHash('sha256')
  .update(Object.keys(PAGES).flatMap((page) => [idsOf(page), ...CODES.map((code) => file(page, code))]).join('\n'))
  .digest('hex')
  .slice(0, 8);

/** shared/messages.ts. */
export function types() {
  const kind = ([name, counts]) => `${name}: ${counts ? 'number' : 'string | number'}`;
  const line = (id) => {
    // A count in one language is one in all.
    const variables = {};
    for (const compiler of compilers.values()) for (const [name, counts] of Object.entries(compiler.variables(id))) variables[name] ||= counts;
    return `  '${id}': { ${Object.entries(variables).map(kind).join('; ')} };`.replace('{  }', '{}');
  };
  const ids = compilers.get('en').ids.filter((id) => among(id, Object.values(PAGES).flat()));
  return `// Generated from ../locales by catalogue.mjs: the languages, and the messages that the pages may say with what each wants to know.

export const LANGS = [${CODES.map((code) => `'${code}'`).join(', ')}] as const;
export type Lang = (typeof LANGS)[number];

/** What each language calls itself. */
export const NAMES: Record<Lang, string> = { ${CODES.map((code) => `${code}: ${JSON.stringify(sentence('language-name', code))}`).join(', ')} };

/** Part of the names of the files that hold the words. */
export const HASH = '${HASH}';

export interface Messages {
${ids.map(line).join('\n')}
}
`;
}

/** Writes shared/messages.ts where it is not as it should be. */
export function writeTypes() {
  const text = types();
  let before = '';
  try {
    before = readFileSync(TYPES, 'utf8');
  } catch {
    // It was never made.
  }
  if (text !== before) writeFileSync(TYPES, text);
}

if (process.argv[1] === new URL(import.meta.url).pathname) writeTypes();
