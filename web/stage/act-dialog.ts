// The forms of what changes an evening: another time, a pause, a correction, no evening at all; each with a word for listeners.

import { type TemplateResult, html, nothing } from 'lit';
import { LANGS, type Lang, NAMES } from '../shared/messages.ts';
import { instants, local, locale, moment } from '../shared/time.ts';
import { type Stage } from './model.ts';
import { type ActForm } from './protocol.ts';

export type AskedAct = 'hold' | 'postpone' | 'cancel' | 'correct';

/** Minutes that are offered for a pause or a delay. */
const MINUTES = [5, 10, 15, 30, 60];

const TITLES = { hold: 'stage-hold', postpone: 'stage-postpone', cancel: 'stage-cancel-event', correct: 'stage-correct' } as const;
const TEXTS = { hold: 'stage-hold-text', postpone: 'stage-postpone-text', cancel: 'stage-cancel-text', correct: 'stage-correct-text' } as const;

export function actDialog(stage: Stage, act: AskedAct, shut: (e: Event) => void): TemplateResult {
  const w = stage.words;
  // The version that was seen when the question was opened: what another has done meanwhile is not done over.
  const version = stage.version;
  const submit = (e: Event) => {
    e.preventDefault();
    const form = e.target as HTMLFormElement;
    const asked = read(stage, act, form);
    if (asked && stage.send({ do: 'act', act, version: stage.seen ?? version, ...asked })) shut(e);
  };
  return html`<form @submit=${submit}>
    <h2 class="big" id="question">${w(TITLES[act])}</h2>
    <p>${w(TEXTS[act])}</p>
    ${act === 'correct' ? said(stage) : nothing} ${act === 'cancel' ? nothing : time(stage, act)} ${act === 'correct' ? nothing : why(stage)}
    <p class="row spread">
      <button type="button" @click=${shut}>${w('stage-cancel')}</button>
      <button class=${act === 'cancel' ? 'danger' : 'key'}>${w(TITLES[act])}</button>
    </p>
  </form>`;
}

/** Why, in the languages of the pages; one is enough. */
function why(stage: Stage): TemplateResult {
  const area = (lang: Lang) =>
    html`<label class="field"
      ><span lang=${lang}>${NAMES[lang]}</span><textarea name=${`why-${lang}`} lang=${lang} rows="2" maxlength="280" .value=${stage.state?.schedule.why?.[lang] ?? ''}></textarea>
    </label>`;
  return html`<p class="soft">${stage.words('stage-why')}</p>
    ${[stage.lang, ...LANGS.filter((lang) => lang !== stage.lang)].map(area)}`;
}

function said(stage: Stage): TemplateResult {
  const w = stage.words;
  const { title, about } = stage.state!.schedule;
  return html`<label class="field"><span>${w('stage-title')}</span><input name="title" maxlength="200" .value=${title} /></label>
    ${LANGS.map(
      (lang) =>
        html`<label class="field"
          ><span lang=${lang}>${w('stage-about')} · ${NAMES[lang]}</span><textarea name=${`about-${lang}`} lang=${lang} rows="3" maxlength="2000" .value=${about?.[lang] ?? ''}></textarea>
        </label>`,
    )}`;
}

/** How long, or when: in the time of whoever looks at this page. */
function time(stage: Stage, act: AskedAct): TemplateResult {
  const w = stage.words;
  const now = stage.state?.starts ?? null;
  const choose = (e: Event) => {
    const select = e.target as HTMLSelectElement;
    select.form!.querySelector<HTMLElement>('.at')!.hidden = select.value !== 'at';
  };
  const keep = act === 'correct';
  return html`<label class="field"
      ><span>${w(act === 'hold' ? 'stage-hold-for' : 'stage-new-time')}</span>
      <select name="by" @change=${choose}>
        ${keep ? html`<option value="same">${now === null ? w('stage-time-none') : (moment(now, locale(stage.lang)) ?? '')}</option>` : nothing}
        ${keep ? nothing : MINUTES.map((n) => html`<option value=${n} ?selected=${n === 10}>${w('stage-minutes', { count: n })}</option>`)}
        <option value="at">${w('stage-time-at')}</option>
        <option value="open">${w(act === 'hold' ? 'stage-hold-open' : 'stage-time-open')}</option>
      </select>
    </label>
    <div class="at" hidden>
      <label class="field"
        ><span>${w('stage-time-yours', { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}</span
        ><input type="datetime-local" name="at" .value=${local(now ?? Date.now())} @input=${(e: Event) => (e.target as HTMLInputElement).setCustomValidity('')}
      /></label>
      <label class="field twice" hidden><span>${w('stage-time-twice')}</span><select name="which"></select></label>
    </div>`;
}

/** What was typed; null where it has to be asked once more. */
function read(stage: Stage, act: AskedAct, form: HTMLFormElement): Partial<ActForm> | null {
  const text = (name: string) => (form.elements.namedItem(name) as HTMLInputElement | null)?.value.trim() ?? '';
  const texts = (prefix: string) => Object.fromEntries(LANGS.map((lang) => [lang, text(`${prefix}-${lang}`)]).filter(([, words]) => words));
  const asked: Partial<ActForm> = act === 'correct' ? { title: text('title'), about: texts('about') } : { why: texts('why') };
  if (act === 'cancel') return asked;
  const when = instant(stage, form);
  if (when === undefined) return null;
  if (act === 'hold') return when === null || when === 'same' ? asked : { ...asked, until: when };
  if (when === 'same') return asked;
  return { ...asked, start: when === null ? null : { at: when, zone: Intl.DateTimeFormat().resolvedOptions().timeZone } };
}

/** The moment that was chosen; null: not known yet; undefined: no such moment, or two, and it is asked about. */
function instant(stage: Stage, form: HTMLFormElement): number | 'same' | null | undefined {
  const w = stage.words;
  const by = (form.elements.namedItem('by') as HTMLSelectElement).value;
  if (by === 'same' || by === 'open') return by === 'same' ? by : null;
  const from = Math.max(Date.now(), stage.state?.phase === 'on_air' || stage.state?.phase === 'held' ? 0 : (stage.state?.starts ?? 0));
  if (by !== 'at') return from + Number(by) * 60_000;
  const field = form.elements.namedItem('at') as HTMLInputElement;
  const which = form.elements.namedItem('which') as HTMLSelectElement;
  const found = instants(field.value);
  const past = found.length && found.every((ms) => ms <= Date.now());
  field.setCustomValidity(!found.length ? w('stage-time-skipped') : past ? w('stage-refusal-time_past') : '');
  if (!field.reportValidity()) return undefined;
  const twice = form.querySelector<HTMLElement>('.twice')!;
  if (found.length > 1 && twice.hidden) {
    // Summer time ends in that hour: the clock shows it twice.
    twice.hidden = false;
    which.replaceChildren(...found.map((ms) => new Option(new Intl.DateTimeFormat(locale(stage.lang), { timeStyle: 'long' }).format(ms), String(ms))));
    which.focus();
    return undefined;
  }
  return found.length > 1 ? Number(which.value) : found[0];
}
