// The stage page: one element that shows where its owner stands, in the green room or on stage.

import '../shared/tokens.css';
import './stage.css';
import './clock.ts';
import './level.ts';
import { LitElement, type PropertyValues, type TemplateResult, html, nothing } from 'lit';
import { LANGS, type Lang, NAMES } from '../shared/messages.ts';
import { dialog } from './dialogs.ts';
import { greenRoom } from './green-room.ts';
import { Stage } from './model.ts';
import { onStage } from './on-stage.ts';
import { afterwards } from './afterwards.ts';

class StentorStage extends LitElement {
  private readonly stage = new Stage(() => this.requestUpdate());
  /** The dialog as it was opened: one that is closing must not be opened again. */
  private shown: HTMLDialogElement | null = null;
  private round: Element | null = null;
  private readonly sight = new IntersectionObserver((seen) => (document.body.dataset['mic'] = seen.at(-1)!.isIntersecting ? 'seen' : 'away'));

  /** Light DOM: one sheet for the page, and the browser's own form and focus behaviour. */
  protected override createRenderRoot(): this {
    return this;
  }

  protected override updated(): void {
    const { stage } = this;
    const { ready, failing } = stage.spoken;
    document.getElementById('unsaid')!.hidden = ready || !failing;
    document.body.dataset['view'] = view(stage);
    if (ready) {
      document.documentElement.lang = stage.lang;
      document.title = `${stage.welcome?.event.title ?? stage.words('common-on-stage')} · Stentor`;
    }
    const dialog = this.querySelector('dialog');
    if (dialog && dialog !== this.shown) dialog.showModal();
    this.shown = dialog;
    const round = this.querySelector('.round');
    if (round === this.round) return;
    this.sight.disconnect();
    this.round = round;
    if (round) this.sight.observe(round);
    else delete document.body.dataset['mic'];
  }

  /** When the focused thing goes away with what it was part of, the focus moves to what is left next to it. */
  protected override update(changed: PropertyValues): void {
    const held = document.activeElement;
    const refuges = held && this.contains(held) ? near(held) : null;
    super.update(changed);
    if (!refuges || held?.isConnected) return;
    refuges.find((e) => e.isConnected)?.focus();
    // All of it is gone: the page shows something else now.
    if (document.activeElement === document.body) (this.querySelector<HTMLElement>('.mute [role=status]') ?? this.querySelector('h1'))?.focus();
  }

  protected override render(): TemplateResult {
    const { stage } = this;
    const w = stage.words;
    if (!stage.spoken.ready) return html``;
    return html`
      <header>
        <b>Stentor</b>
        <nav class="langs">${LANGS.map((lang) => language(stage, lang))}</nav>
      </header>
      ${this.body()}
      <p id="note" role="alert">${stage.dialog ? '' : stage.note}</p>
      ${stage.dialog ? dialog(stage, stage.dialog) : nothing}
      <p class="vh" aria-live="polite">${stage.online || stage.over || !stage.welcome ? '' : w('stage-line-lost')}</p>
    `;
  }

  private body(): TemplateResult {
    const { stage } = this;
    const w = stage.words;
    const listen = stage.welcome?.listen ?? `/e/${stage.slug}`;
    if (!stage.token) return plain(w('stage-no-token'), w('stage-no-token-text'), `/e/${stage.slug}`, w('stage-to-listeners'));
    if (stage.end === 'rejected') return plain(w('stage-rejected'), w('stage-rejected-text'), listen, w('stage-to-listeners'));
    if (stage.end === 'removed' || stage.me?.place === 'removed') return plain(w('stage-removed'), w('stage-removed-text'), listen, w('stage-to-listeners'));
    if (stage.state?.phase === 'cancelled') return plain(w('stage-cancelled'), w('stage-cancelled-text'), listen, w('stage-to-listeners'));
    if (stage.state?.phase === 'ended')
      return plain(w('stage-over'), stage.state.recorded ? w('stage-over-text') : w('stage-over-unrecorded'), listen, w('stage-to-listeners'), afterwards(stage));
    if (stage.end === 'replaced') return elsewhere(stage);
    if (!stage.welcome || !stage.me) return plain(w('stage-reaching'), stage.unanswered ? w('stage-line-lost') : '');
    return stage.me.place === 'on_stage' ? onStage(stage, stage.me) : greenRoom(stage, stage.me);
  }
}

/** Each in its own name; the one that is spoken stays where it is, so that the focus does too. */
function language(stage: Stage, lang: Lang): TemplateResult {
  return html`<button class="link" lang=${lang} aria-current=${lang === stage.lang} @click=${() => stage.spoken.choose(lang)}>${NAMES[lang]}</button>`;
}

function view(stage: Stage): string {
  const place = stage.me?.place;
  if (!place || place === 'removed' || stage.over) return 'wait';
  if (place !== 'on_stage') return 'green';
  return stage.state?.phase === 'on_air' ? 'air' : 'wait';
}

/** Where the focus may go, nearest first: never to a button that does something to somebody else. */
function near(held: Element): HTMLElement[] {
  const row = held.closest('li');
  const dialog = held.closest('dialog');
  const at = (e: Element | null | undefined, what: string) => [...(e?.querySelectorAll<HTMLElement>(what) ?? [])];
  const heading = row?.closest('ul')?.previousElementSibling as HTMLElement | null | undefined;
  return [...(dialog ? [dialog] : []), ...at(row, 'summary'), ...(heading ? [heading] : []), ...at(row?.closest('.people'), 'h2')];
}

function plain(title: string, text: string, href?: string, label?: string, more: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`<main class="plain">
    <h1 tabindex="-1">${title}</h1>
    <p class="say">${text}</p>
    ${href ? html`<p><a href=${href}>${label}</a></p>` : nothing} ${more}
  </main>`;
}

function elsewhere(stage: Stage): TemplateResult {
  const w = stage.words;
  return html`<main class="plain">
    <h1 tabindex="-1">${w('stage-replaced')}</h1>
    <p class="say">${w('stage-replaced-text')}</p>
    <p><button class="key" @click=${() => location.reload()}>${w('stage-take-back')}</button></p>
  </main>`;
}

customElements.define('stentor-stage', StentorStage);
