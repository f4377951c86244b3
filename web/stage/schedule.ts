// The evening as whoever runs it leads it: what can be done now, what listeners read, chapters.

import { type TemplateResult, html, nothing } from 'lit';
import { isAhead, said } from '../shared/status.ts';
import { clock, locale, moment } from '../shared/time.ts';
import { type Stage } from './model.ts';
import { type StageState } from './protocol.ts';
import { own } from './tongues.ts';

/** The large buttons of the evening, in the order in which they are most likely wanted. */
export function leading(stage: Stage): TemplateResult {
  const w = stage.words;
  const on = stage.me?.place === 'on_stage';
  const start = html`<button class=${on ? 'key' : ''} @click=${() => stage.open({ kind: 'start' })}>${w('stage-start')}</button>`;
  const end = html`<button class="danger" @click=${() => stage.open({ kind: 'end' })}>${w('stage-end')}</button>`;
  const hold = (key: boolean) => html`<button @click=${() => stage.open({ kind: 'act', act: 'hold' })}>${w(key ? 'stage-hold' : 'stage-hold-edit')}</button>`;
  switch (stage.state?.phase) {
    case 'draft':
      return html`<button class="key" @click=${() => act(stage, 'announce')}>${w('stage-announce')}</button>`;
    case 'on_air':
      return html`${hold(true)} ${end}`;
    case 'held':
      return html`<button class="key" @click=${() => act(stage, 'resume')}>${w('stage-resume')}</button> ${hold(false)} ${end}`;
    default:
      return start;
  }
}

const act = (stage: Stage, name: 'announce' | 'resume' | 'open_doors') => stage.send({ do: 'act', act: name, version: stage.version });

/** What comes less often: another time, a mistake, no evening at all. */
export function planning(stage: Stage): TemplateResult | typeof nothing {
  const { state, words: w } = stage;
  if (!state || !isAhead(state.phase)) return nothing;
  const small = (name: 'postpone' | 'correct' | 'cancel', label: string) =>
    html`<button class="small" @click=${() => stage.open({ kind: 'act', act: name })}>${label}</button>`;
  return html`<p class="row">
      ${small('postpone', w('stage-postpone'))} ${small('correct', w('stage-correct'))} ${small('cancel', w('stage-cancel-event'))}
      ${state.phase === 'announced' ? html`<button class="small" @click=${() => act(stage, 'open_doors')}>${w('stage-open-doors')}</button>` : nothing}
    </p>
    <label class="check"
      ><input type="checkbox" id="automatic" .checked=${state.schedule.automatic} @change=${(e: Event) => automatic(stage, e)} /> ${w('stage-automatic')}</label
    >`;
}

/** Whether it goes on air by itself is what the server says. */
function automatic(stage: Stage, e: Event): void {
  const box = e.target as HTMLInputElement;
  stage.send({ do: 'act', act: 'correct', automatic: box.checked, version: stage.version });
  box.checked = stage.state?.schedule.automatic ?? false;
}

/** What listeners read at this moment, in the language of this page where it was said in it. */
export function reads(stage: Stage): TemplateResult | typeof nothing {
  const { state, words: w } = stage;
  if (!state) return nothing;
  const lines = [sentence(stage, state), said(state.schedule.why, stage.lang, own(stage))?.[1]].filter((line) => !!line);
  return html`<p class="soft">${w('stage-reads')}</p>
    <blockquote id="reads">${lines.map((line) => html`<span>${line}</span> `)}</blockquote>`;
}

function sentence(stage: Stage, { phase, starts, schedule }: StageState): string {
  const w = stage.words;
  const at = (ms: number) => moment(ms, locale(stage.lang)) ?? '';
  switch (phase) {
    case 'draft':
      return w('stage-reads-nothing');
    case 'on_air':
      return w('common-live');
    case 'held':
      return schedule.until ? `${w('common-held')} ${w('common-held-until', { moment: at(schedule.until) })}` : w('common-held');
    case 'ended':
    case 'cancelled':
      return w('stage-over');
    default:
      if (schedule.open) return w('common-postponed-open');
      if (starts === null) return w('common-not-yet');
      if (starts <= Date.now()) return w('common-any-moment');
      return w('stage-starts-at', { moment: at(starts) });
  }
}

/** Chapters are named while it is on air. */
export function chapters(stage: Stage): TemplateResult | typeof nothing {
  const { state, words: w } = stage;
  const begun = state?.on_air_since ?? state?.schedule.chapters[0]?.[0];
  if (!state || !begun) return nothing;
  const mark = (e: Event) => {
    e.preventDefault();
    const field = (e.target as HTMLFormElement).elements.namedItem('chapter') as HTMLInputElement;
    const title = field.value.trim();
    if (title && stage.send({ do: 'act', act: 'chapter', title, version: stage.version })) field.value = '';
  };
  const running = state.phase === 'on_air';
  if (!running && !state.schedule.chapters.length) return nothing;
  return html`<section class="chapters">
    <h2>${w('stage-chapters')}</h2>
    ${chapterMarks(stage, ([at, title]) => html`<span>${clock((at - begun) / 1000)} ${title}</span>`)}
    ${running
      ? html`<form class="row" @submit=${mark}>
          <input name="chapter" maxlength="200" autocomplete="off" aria-label=${w('stage-chapter-name')} placeholder=${w('stage-chapter-name')} />
          <button>${w('stage-chapter-mark')}</button>
        </form>`
      : nothing}
  </section>`;
}

/** The chapters there are, each with the way to take it away. */
export function chapterMarks(stage: Stage, shown: (chapter: [number, string]) => TemplateResult): TemplateResult {
  const { state, words: w } = stage;
  const drop = (at: number) => stage.send({ do: 'act', act: 'chapter', at, title: null, version: stage.version });
  return html`<ol>
    ${state?.schedule.chapters.map(
      ([at, title]) => html`<li>
        ${shown([at, title])}
        <button class="link" aria-label=${w('stage-chapter-drop', { title })} @click=${() => drop(at)}>${w('stage-clear')}</button>
      </li>`,
    )}
  </ol>`;
}
