// After the evening: who may hear the recording and which part of it, its chapters, and the files to take along.

import { LitElement, type TemplateResult, html, nothing } from 'lit';
import { clock, locale, moment } from '../shared/time.ts';
import { type Stage } from './model.ts';
import { chapterMarks } from './schedule.ts';
import { momentOf, seconds, timeOf } from './spans.ts';
import { type RecordingsForm } from './wire.ts';

/** How often it is asked what there is: a replay is made anew in seconds, and the links of its files live for minutes. */
const ASK_MS = 5_000;

/** After the end; for who led it. */
export function afterwards(stage: Stage): TemplateResult | typeof nothing {
  if (!stage.runs || stage.state?.phase !== 'ended') return nothing;
  return html`<stentor-afterwards .stage=${stage} .version=${stage.version} .lang=${stage.lang} .failing=${stage.state.alarms.includes('replay')}></stentor-afterwards>`;
}

class Afterwards extends LitElement {
  static override properties = { stage: { attribute: false }, version: { attribute: false }, lang: { attribute: false }, failing: { attribute: false }, there: { state: true } };
  declare stage: Stage;
  declare version: number;
  declare failing: boolean;
  declare there: RecordingsForm | null;
  private timer = 0;

  constructor() {
    super();
    this.there = null;
  }

  /** One page, one style. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = window.setInterval(() => !document.hidden && void this.ask(), ASK_MS);
    void this.ask();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  private async ask(): Promise<void> {
    const { slug, token } = this.stage;
    const answer = await fetch(`/api/v1/events/${slug}/recordings`, { headers: { authorization: `Bearer ${token}` } }).catch(() => undefined);
    const there = answer?.ok ? ((await answer.json().catch(() => null)) as RecordingsForm | null) : null;
    // What cannot be asked is as it was.
    if (there && JSON.stringify(there) !== JSON.stringify(this.there)) this.there = there;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { stage } = this;
    const w = stage.words;
    const replay = stage.state?.schedule.replay;
    if (!replay) return nothing;
    if (replay.deleted) return html`<section class="afterwards"><p>${w('stage-replay-deleted')}</p></section>`;
    return html`<section class="afterwards">
      ${this.failing ? html`<p class="warn" role="alert">${w('stage-alarm-replay')}</p>` : nothing} ${this.offer()} ${this.player()} ${this.cut()} ${this.chapters()} ${this.files()}
      <p><button class="danger" @click=${() => stage.open({ kind: 'delete_replay' })}>${w('stage-replay-delete')}</button></p>
    </section>`;
  }

  private offer(): TemplateResult {
    const { stage } = this;
    const w = stage.words;
    const { on, from } = stage.state!.schedule.replay;
    const later = on && from !== null && from > Date.now() ? moment(from, locale(stage.lang)) : null;
    const said = later ? w('stage-replay-from', { moment: later }) : w(on ? 'stage-replay-on' : 'stage-replay-off');
    const send = (on: boolean) => stage.send({ do: 'act', act: 'offer_replay', on, version: stage.version });
    return html`<p>${said}</p>
      <p class="row">
        ${!on || later ? html`<button @click=${() => send(true)}>${w('stage-replay-publish')}</button>` : nothing}
        ${on ? html`<button @click=${() => send(false)}>${w('stage-replay-withhold')}</button>` : nothing}
        <button class="small" @click=${() => stage.open({ kind: 'act', act: 'offer_replay' })}>${w('stage-replay-later')}</button>
      </p>`;
  }

  /** Its host can hear it, whoever else may. */
  private player(): TemplateResult | typeof nothing {
    const file = this.there?.files.find(({ name }) => name === 'replay.mp4');
    if (!file) return nothing;
    // One that was made anew lies at the same address.
    return html`<audio controls preload="metadata" src=${`${file.href}#${file.bytes}`}></audio>`;
  }

  /** Where its player is, in seconds. */
  private get now(): number {
    return this.querySelector('audio')?.currentTime ?? 0;
  }

  /** The moment of the evening that a field says, by the time of the replay; undefined where it says nothing or no time. */
  private moment(field: HTMLInputElement): number | undefined {
    const at = field.value.trim() ? seconds(field.value) : undefined;
    field.setCustomValidity(at === null ? this.stage.words('stage-time-wrong') : '');
    if (!field.reportValidity() || typeof at !== 'number') return undefined;
    return momentOf(this.there?.replay?.spans ?? [], at * 1000) ?? undefined;
  }

  private timeField(name: string, label: string): TemplateResult {
    const w = this.stage.words;
    const here = (e: Event) => {
      const field = (e.currentTarget as HTMLElement).parentElement!.querySelector('input')!;
      field.value = clock(this.now);
      field.setCustomValidity('');
    };
    return html`<div class="field">
      <label for=${`at-${name}`}>${label}</label>
      <div class="row">
        <input id=${`at-${name}`} name=${name} size="8" autocomplete="off" placeholder="0:00" @input=${(e: Event) => (e.target as HTMLInputElement).setCustomValidity('')} />
        <button type="button" class="small" @click=${here}>${w('stage-replay-here')}</button>
      </div>
    </div>`;
  }

  private cut(): TemplateResult | typeof nothing {
    const { stage, there } = this;
    const w = stage.words;
    const { cut_from, cut_to } = stage.state!.schedule.replay;
    if (!there?.replay) return nothing;
    const act = (from?: number, to?: number) => stage.send({ do: 'act', act: 'cut_replay', ...(from !== undefined && { from }), ...(to !== undefined && { to }), version: stage.version });
    const submit = (e: Event) => {
      e.preventDefault();
      const form = e.target as HTMLFormElement;
      const [from, to] = ['from', 'to'].map((name) => form.elements.namedItem(name) as HTMLInputElement) as [HTMLInputElement, HTMLInputElement];
      const [begins, ends] = [this.moment(from), this.moment(to)];
      if (!form.checkValidity() || (begins === undefined && ends === undefined)) return;
      // What was cut off before stays off.
      if (act(begins ?? cut_from ?? undefined, ends ?? cut_to ?? undefined)) form.reset();
    };
    return html`<form @submit=${submit}>
      <h2>${w('stage-replay-cut')}</h2>
      <p class="soft">${w('stage-replay-length', { time: clock(there.replay.duration / 1000) })} ${w('stage-replay-cut-text')}</p>
      <div class="row">${this.timeField('from', w('stage-replay-cut-from'))} ${this.timeField('to', w('stage-replay-cut-to'))}</div>
      <p class="row">
        <button>${w('stage-replay-cut')}</button>
        ${cut_from !== null || cut_to !== null ? html`<button type="button" @click=${() => act()}>${w('stage-replay-uncut')}</button>` : nothing}
      </p>
    </form>`;
  }

  private chapters(): TemplateResult {
    const { stage, there } = this;
    const w = stage.words;
    const spans = there?.replay?.spans ?? [];
    const rename = (at: number) => (e: Event) => {
      e.preventDefault();
      const title = ((e.target as HTMLFormElement).elements.namedItem('title') as HTMLInputElement).value.trim();
      if (title) stage.send({ do: 'act', act: 'chapter', at, title, version: stage.version });
    };
    const add = (e: Event) => {
      e.preventDefault();
      const form = e.target as HTMLFormElement;
      const title = form.elements.namedItem('chapter') as HTMLInputElement;
      const at = this.moment(form.elements.namedItem('at') as HTMLInputElement);
      if (at === undefined || !title.value.trim()) return;
      if (stage.send({ do: 'act', act: 'chapter', at, title: title.value.trim(), version: stage.version })) form.reset();
    };
    const row = ([at, title]: [number, string]) => html`<form class="row" @submit=${rename(at)}>
      <span>${spans.length ? clock(timeOf(spans, at) / 1000) : ''}</span>
      <input name="title" maxlength="200" autocomplete="off" aria-label=${w('stage-chapter-title')} .value=${title} />
      <button class="small">${w('stage-chapter-rename')}</button>
    </form>`;
    return html`<section class="chapters">
      <h2>${w('stage-chapters')}</h2>
      ${chapterMarks(stage, row)}
      ${spans.length
        ? html`<form @submit=${add}>
            <div class="row">
              ${this.timeField('at', w('stage-chapter-at'))}
              <label class="field"><span>${w('stage-chapter-title')}</span><input name="chapter" maxlength="200" autocomplete="off" /></label>
            </div>
            <p><button>${w('stage-chapter-add')}</button></p>
          </form>`
        : nothing}
    </section>`;
  }

  private files(): TemplateResult | typeof nothing {
    const { stage, there } = this;
    if (!there?.files.length) return nothing;
    const size = (bytes: number) => (bytes / 1_000_000).toLocaleString(stage.lang, { maximumFractionDigits: 1, style: 'unit', unit: 'megabyte' });
    return html`<details>
      <summary>${stage.words('stage-files')}</summary>
      <ul class="files">
        ${there.files.map(({ name, bytes, href }) => html`<li><a href=${href} download>${name}</a> <span class="soft">${size(bytes)}</span></li>`)}
      </ul>
    </details>`;
  }
}

customElements.define('stentor-afterwards', Afterwards);
