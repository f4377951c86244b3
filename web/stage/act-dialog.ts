// The forms of what changes an evening: another time, a pause, a correction, no evening at all; each with a word for listeners.

import { type TemplateResult, html, nothing } from 'lit';
import { LANGS } from '../shared/messages.ts';
import { instants, local, locale, moment } from '../shared/time.ts';
import { type Stage } from './model.ts';
import { nameOf, own, tongues } from './tongues.ts';
import { type ActForm } from './protocol.ts';

export type AskedAct = 'hold' | 'postpone' | 'cancel' | 'correct' | 'offer_replay';

/** Minutes that are offered for a pause or a delay. */
const MINUTES = [5, 10, 15, 30, 60];

const TITLES = { hold: 'stage-hold', postpone: 'stage-postpone', cancel: 'stage-cancel-event', correct: 'stage-correct', offer_replay: 'stage-replay-later' } as const;
const TEXTS = { hold: 'stage-hold-text', postpone: 'stage-postpone-text', cancel: 'stage-cancel-text', correct: 'stage-correct-text', offer_replay: 'stage-replay-later-text' } as const;

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
    ${act === 'correct' ? said(stage) : nothing} ${act === 'cancel' ? nothing : time(stage, act)} ${act === 'correct' || act === 'offer_replay' ? nothing : why(stage)}
    <p class="row spread">
      <button type="button" @click=${shut}>${w('stage-cancel')}</button>
      <button class=${act === 'cancel' ? 'danger' : 'key'}>${w(TITLES[act])}</button>
    </p>
  </form>`;
}

/** Why, in the languages of the event; one is enough. */
function why(stage: Stage): TemplateResult {
  const now = stage.state?.schedule.why;
  const area = (lang: string) =>
    html`<label class="field"
      ><span lang=${lang}>${nameOf(lang)}</span
      ><textarea name=${`why-${lang}`} lang=${lang} dir="auto" rows="2" maxlength="280" .value=${now?.[lang] ?? ''}></textarea>
    </label>`;
  return html`<p class="soft">${stage.words('stage-why')}</p>
    ${tongues(stage, now).map(area)}`;
}

/** Title and description in the event's own language, and in each other that is ticked. */
function said(stage: Stage): TemplateResult {
  const w = stage.words;
  const { title, titles, about, languages, series } = stage.state!.schedule;
  const there = tongues(stage, titles, about);
  const [first, ...others] = [...new Set([...there, ...languages, ...LANGS])];
  const tick = (e: Event, lang: string) => {
    const { form, checked } = e.target as HTMLInputElement;
    form!.querySelector<HTMLElement>(`[data-tongue="${lang}"]`)!.hidden = !checked;
  };
  const fields = (lang: string, called: string) => html`<div data-tongue=${lang} ?hidden=${!there.includes(lang)}>
    <label class="field"
      ><span lang=${lang}>${w('stage-title')} · ${nameOf(lang)}</span
      ><input name=${`title-${lang}`} lang=${lang} dir="auto" maxlength="200" .value=${called}
    /></label>
    <label class="field"
      ><span lang=${lang}>${w('stage-about')} · ${nameOf(lang)}</span
      ><textarea name=${`about-${lang}`} lang=${lang} dir="auto" rows="3" maxlength="2000" .value=${about?.[lang] ?? ''}></textarea>
    </label>
  </div>`;
  return html`${fields(first!, title)}
    <fieldset class="row">
      <legend>${w('stage-languages')}</legend>
      ${others.map(
        (lang) =>
          html`<label class="check"
            ><input type="checkbox" name="language" value=${lang} ?checked=${there.includes(lang)} @change=${(e: Event) => tick(e, lang)} />
            <span lang=${lang}>${nameOf(lang)}</span></label
          >`,
      )}
    </fieldset>
    ${others.map((lang) => fields(lang, titles?.[lang] ?? ''))}
    <label class="field"><span>${w('stage-series')}</span><input name="series" dir="auto" maxlength="200" .value=${series ?? ''} /></label>`;
}

/** What was typed of it, in the languages that are ticked. */
function corrected(stage: Stage, form: HTMLFormElement, text: (name: string) => string): Partial<ActForm> {
  const first = own(stage);
  const ticked = [...form.querySelectorAll<HTMLInputElement>('[name="language"]:checked')].map((box) => box.value);
  const texts = (prefix: string, langs: string[]) => Object.fromEntries(langs.map((lang) => [lang, text(`${prefix}-${lang}`)]).filter(([, words]) => words));
  return { title: text(`title-${first}`), titles: texts('title', ticked), about: texts('about', [first, ...ticked]), languages: ticked, series: text('series') };
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
        ${act === 'offer_replay' ? nothing : html`<option value="open">${w(act === 'hold' ? 'stage-hold-open' : 'stage-time-open')}</option>`}
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
  const why = () => Object.fromEntries(tongues(stage, stage.state?.schedule.why).map((lang) => [lang, text(`why-${lang}`)]).filter(([, words]) => words));
  const asked = act === 'correct' ? corrected(stage, form, text) : ({ why: why() } as Partial<ActForm>);
  if (act === 'cancel') return asked;
  const when = instant(stage, form);
  if (when === undefined) return null;
  if (act === 'offer_replay') return typeof when === 'number' ? { on: true, from: when } : null;
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
