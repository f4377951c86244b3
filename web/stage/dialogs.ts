// The questions asked before something large happens, and the two small forms.

import { type TemplateResult, html, nothing } from 'lit';
import { locale, moment } from '../shared/time.ts';
import { actDialog } from './act-dialog.ts';
import { type Dialog, type Stage } from './model.ts';
import { copyField, roleName } from './parts.ts';
import { type ToServer } from './protocol.ts';
import { nameOf, tongues } from './tongues.ts';

/** So long before the announced time a start is worth a word, ms. */
const EARLY_MS = 10 * 60_000;

/** Focused itself when what had the focus inside is replaced (`main.ts`). */
export function dialog(stage: Stage, d: Dialog): TemplateResult {
  return html`<dialog tabindex="-1" aria-labelledby="question" @close=${() => stage.open(null)}>
    ${content(stage, d)} ${muteHere(stage)}
    <p class="warn" role="alert">${stage.note}</p>
  </dialog>`;
}

/** Whoever is live can close the microphone without closing the question first: the round button lies behind it. */
function muteHere(stage: Stage): TemplateResult | typeof nothing {
  if (stage.me?.place !== 'on_stage' || stage.shut) return nothing;
  return html`<p><button type="button" class="small" @click=${() => stage.toggle()}>${stage.words('stage-mute')}</button></p>`;
}

/** Closed before it is taken away: so the browser gives the focus back to what opened it. */
function shut(e: Event): void {
  (e.target as Element).closest('dialog')?.close();
}

function content(stage: Stage, d: Dialog): TemplateResult {
  const w = stage.words;
  const { version } = stage;
  switch (d.kind) {
    case 'start': {
      const there = stage.state?.seats.filter((s) => s.place === 'on_stage' && s.connected) ?? [];
      const { starts } = stage.state ?? {};
      const early = starts && starts - Date.now() > EARLY_MS ? moment(starts, locale(stage.lang)) : null;
      const text = !there.length ? w('stage-start-empty') : there.every((s) => s.mixer_muted) ? w('stage-start-closed') : w('stage-start-text');
      return confirm(stage, w('stage-start-title'), early ? `${w('stage-start-early', { moment: early })} ${text}` : text, w('stage-start'), { do: 'act', act: 'go_on_air', version: stage.seen ?? version });
    }
    case 'end':
      return confirm(stage, w('stage-end-title'), stage.state?.recorded ? w('stage-end-text') : w('stage-end-unrecorded'), w('stage-end'), { do: 'act', act: 'end', version: stage.seen ?? version }, true);
    case 'remove':
      return confirm(stage, w('stage-remove-title', { name: stage.seat(d.seat)?.name ?? '' }), w('stage-remove-text'), w('stage-remove'), { do: 'remove', seat: d.seat }, true);
    case 'admit':
      return confirm(stage, w('stage-admit-title', { name: stage.seat(d.seat)?.name ?? '' }), w('stage-admit-text'), w('stage-admit-anyway'), { do: 'admit', seat: d.seat, force: true });
    case 'hand_over':
      return confirm(stage, w('stage-hand-title', { name: stage.seat(d.seat)?.name ?? '' }), w('stage-hand-text'), w('stage-hand-over'), { do: 'hand_over', seat: d.seat });
    case 'record':
      return confirm(stage, w('stage-stop-record-title'), w('stage-stop-record-text'), w('stage-stop-record'), { do: 'record', on: false }, true);
    case 'delete_replay':
      return confirm(stage, w('stage-replay-delete-title'), w('stage-replay-delete-text'), w('stage-replay-delete'), { do: 'act', act: 'delete_replay', version: stage.seen ?? version }, true);
    case 'leave':
      return confirm(stage, w('stage-leave-title'), w('stage-leave-text'), w('stage-leave'), { do: 'green_room', seat: stage.welcome!.seat }, true);
    case 'invite':
      return d.done ? invited(stage, d.done.seat, d.done.name, d.done.link) : invite(stage);
    case 'message':
      return message(stage);
    case 'act':
      return actDialog(stage, d.act, shut);
  }
}

function confirm(stage: Stage, title: string, text: string, label: string, act: ToServer, danger = false): TemplateResult {
  const yes = (e: Event) => stage.send(act) && shut(e);
  return html`<h2 class="big" id="question">${title}</h2>
    <p>${text}</p>
    <p class="row spread">
      <button autofocus @click=${shut}>${stage.words('stage-cancel')}</button>
      <button class=${danger ? 'danger' : 'key'} @click=${yes}>${label}</button>
    </p>`;
}

function invite(stage: Stage): TemplateResult {
  const w = stage.words;
  const submit = (e: Event) => {
    e.preventDefault();
    const form = new FormData(e.target as HTMLFormElement);
    const role = String(form.get('role')) as 'guest' | 'co_host' | 'line_in';
    const name = String(form.get('name')).trim();
    // In the page's own words: the browser's are in the browser's language.
    const field = (e.target as HTMLFormElement).elements.namedItem('name') as HTMLInputElement;
    field.setCustomValidity(name ? '' : w('stage-refusal-name_empty'));
    if (field.reportValidity()) stage.send({ do: 'invite', name, role });
  };
  const again = (e: Event) => (e.target as HTMLInputElement).setCustomValidity('');
  return html`<form @submit=${submit}>
    <h2 class="big" id="question">${w('stage-invite')}</h2>
    <label class="field"
      ><span>${w('stage-invite-name')}</span><input name="name" aria-required="true" maxlength="64" autofocus autocomplete="off" @input=${again}
    /></label>
    <label class="field">
      <span>${w('stage-invite-role')}</span>
      <select name="role">
        ${(['guest', 'co_host', 'line_in'] as const).map((r) => html`<option value=${r}>${roleName(w, r)}</option>`)}
      </select>
    </label>
    <p class="row spread">
      <button type="button" @click=${shut}>${w('stage-cancel')}</button>
      <button class="key">${w('stage-invite-make')}</button>
    </p>
  </form>`;
}

function invited(stage: Stage, seat: number, name: string, link: string): TemplateResult {
  const w = stage.words;
  const line = stage.seat(seat)?.role === 'line_in';
  const whip = new URL(`/api/v1/events/${stage.slug}/whip`, location.href).href;
  return html`<h2 class="big" id="question">${w('stage-invite-done', { name })}</h2>
    <p>${line ? w('stage-line-text') : w('stage-invite-text')}</p>
    ${line
      ? html`${copyField(stage, 'line-url', w('stage-line-url'), whip)} ${copyField(stage, 'line-url-music', w('stage-line-url-music'), `${whip}?sound=original`)}
        ${copyField(stage, 'line-token', w('stage-line-token'), link.split('#t=')[1] ?? link)}`
      : copyField(stage, 'seat-link', w('stage-show-link'), link)}
    <p class="row spread"><span></span><button class="key" @click=${shut}>${w('stage-close')}</button></p>`;
}

function message(stage: Stage): TemplateResult {
  const w = stage.words;
  const now = stage.state?.message;
  const submit = (e: Event) => {
    e.preventDefault();
    const form = new FormData(e.target as HTMLFormElement);
    // One line: the server takes no line breaks.
    const line = (name: string) => String(form.get(name)).replace(/\s+/g, ' ').trim();
    const texts = Object.fromEntries(tongues(stage, now).map((lang) => [lang, line(lang)]));
    const field = (e.target as HTMLFormElement).querySelector('textarea')!;
    field.setCustomValidity(Object.values(texts).some(Boolean) ? '' : w('stage-message-none'));
    if (!field.reportValidity() || !stage.send({ do: 'message', ...texts })) return;
    stage.draft = {};
    shut(e);
  };
  const drop = (e: Event) => {
    stage.draft = {};
    shut(e);
  };
  // What was typed outlives a dialog that was closed by accident (Escape).
  const type = (lang: string, e: Event) => {
    const field = e.target as HTMLTextAreaElement;
    stage.draft[lang] = field.value;
    field.form!.querySelector('textarea')!.setCustomValidity('');
  };
  const area = (lang: string) =>
    html`<label class="field"
      ><span lang=${lang}>${nameOf(lang)}</span><textarea name=${lang} lang=${lang} dir="auto" rows="2" maxlength="280" .value=${stage.draft[lang] ?? now?.[lang] ?? ''} @input=${(e: Event) => type(lang, e)}></textarea>
    </label>`;
  return html`<form @submit=${submit}>
    <h2 class="big" id="question">${w('stage-message')}</h2>
    <p>${w('stage-message-text')}</p>
    ${tongues(stage, now).map(area)}
    <p class="row spread">
      <button type="button" @click=${drop}>${w('stage-cancel')}</button>
      <button class="key">${w('stage-send')}</button>
    </p>
  </form>`;
}
