// The stage page: one element that shows where its owner stands, in the green room or on stage.

import '../shared/tokens.css';
import './stage.css';
import './clock.ts';
import './level.ts';
import { LitElement, type PropertyValues, type TemplateResult, html, nothing } from 'lit';
import { dialog } from './dialogs.ts';
import { greenRoom } from './green-room.ts';
import { Stage } from './model.ts';
import { onStage } from './on-stage.ts';

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
    document.documentElement.lang = stage.lang;
    document.body.dataset['view'] = view(stage);
    document.title = `${stage.welcome?.event.title ?? stage.words.onStage} · Stentor`;
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
    const other = stage.lang === 'fr' ? 'en' : 'fr';
    return html`
      <header>
        <b>Stentor</b>
        <button class="link" lang=${other} @click=${() => stage.setLang(other)}>${other === 'fr' ? 'Français' : 'English'}</button>
      </header>
      ${this.body()}
      <p id="note" role="alert">${stage.dialog ? '' : stage.note}</p>
      ${stage.dialog ? dialog(stage, stage.dialog) : nothing}
      <p class="vh" aria-live="polite">${stage.online || stage.over || !stage.welcome ? '' : w.lineLost}</p>
    `;
  }

  private body(): TemplateResult {
    const { stage } = this;
    const w = stage.words;
    const listen = stage.welcome?.listen ?? `/e/${stage.slug}`;
    if (!stage.token) return plain(w.noToken, w.noTokenText, `/e/${stage.slug}`, w.toListeners);
    if (stage.end === 'rejected') return plain(w.rejected, w.rejectedText, listen, w.toListeners);
    if (stage.end === 'removed' || stage.me?.place === 'removed') return plain(w.removed, w.removedText, listen, w.toListeners);
    if (stage.state?.phase === 'ended') return plain(w.over, stage.state.recorded ? w.overText : w.overUnrecorded, listen, w.toListeners);
    if (stage.end === 'replaced') return elsewhere(stage);
    if (!stage.welcome || !stage.me) return plain(w.reaching, stage.unanswered ? w.lineLost : '');
    return stage.me.place === 'on_stage' ? onStage(stage, stage.me) : greenRoom(stage, stage.me);
  }
}

function view(stage: Stage): string {
  const place = stage.me?.place;
  if (!place || place === 'removed' || stage.end || stage.state?.phase === 'ended') return 'wait';
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

function plain(title: string, text: string, href?: string, label?: string): TemplateResult {
  return html`<main class="plain">
    <h1 tabindex="-1">${title}</h1>
    <p class="say">${text}</p>
    ${href ? html`<p><a href=${href}>${label}</a></p>` : nothing}
  </main>`;
}

function elsewhere(stage: Stage): TemplateResult {
  const w = stage.words;
  return html`<main class="plain">
    <h1 tabindex="-1">${w.replaced}</h1>
    <p class="say">${w.replacedText}</p>
    <p><button class="key" @click=${() => location.reload()}>${w.takeBack}</button></p>
  </main>`;
}

customElements.define('stentor-stage', StentorStage);
