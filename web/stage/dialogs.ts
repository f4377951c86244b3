// The questions asked before something large happens, and the two small forms.

import { type TemplateResult, html, nothing } from 'lit';
import { locale, moment } from '../shared/time.ts';
import { type Dialog, type Stage } from './model.ts';
import { copyField } from './parts.ts';
import { type ToServer } from './protocol.ts';

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
  return html`<p><button type="button" class="small" @click=${() => stage.toggle()}>${stage.words.mute}</button></p>`;
}

/** Closed before it is taken away: so the browser gives the focus back to what opened it. */
function shut(e: Event): void {
  (e.target as Element).closest('dialog')?.close();
}

function content(stage: Stage, d: Dialog): TemplateResult {
  const w = stage.words;
  const version = stage.state?.phase_version ?? 0;
  switch (d.kind) {
    case 'start': {
      const there = stage.state?.seats.filter((s) => s.place === 'on_stage' && s.connected) ?? [];
      const { starts } = stage.state ?? {};
      const early = starts && starts - Date.now() > EARLY_MS ? moment(starts, locale(stage.lang)) : null;
      const text = !there.length ? w.startEmpty : there.every((s) => s.mixer_muted) ? w.startClosed : w.startText;
      return confirm(stage, w.startTitle, early ? `${w.startEarly(early)} ${text}` : text, w.start, { do: 'phase', phase: 'on_air', version });
    }
    case 'end':
      return confirm(stage, w.endTitle, stage.state?.recorded ? w.endText : w.endUnrecorded, w.end, { do: 'phase', phase: 'ended', version }, true);
    case 'remove':
      return confirm(stage, w.removeTitle(stage.seat(d.seat)?.name ?? ''), w.removeText, w.remove, { do: 'remove', seat: d.seat }, true);
    case 'admit':
      return confirm(stage, w.admitTitle(stage.seat(d.seat)?.name ?? ''), w.admitText, w.admitAnyway, { do: 'admit', seat: d.seat, force: true });
    case 'hand_over':
      return confirm(stage, w.handTitle(stage.seat(d.seat)?.name ?? ''), w.handText, w.handOver, { do: 'hand_over', seat: d.seat });
    case 'record':
      return confirm(stage, w.stopRecordTitle, w.stopRecordText, w.stopRecord, { do: 'record', on: false }, true);
    case 'leave':
      return confirm(stage, w.leaveTitle, w.leaveText, w.leave, { do: 'green_room', seat: stage.welcome!.seat }, true);
    case 'invite':
      return d.done ? invited(stage, d.done.seat, d.done.name, d.done.link) : invite(stage);
    case 'message':
      return message(stage);
  }
}

function confirm(stage: Stage, title: string, text: string, label: string, act: ToServer, danger = false): TemplateResult {
  const yes = (e: Event) => stage.send(act) && shut(e);
  return html`<h2 class="big" id="question">${title}</h2>
    <p>${text}</p>
    <p class="row spread">
      <button autofocus @click=${shut}>${stage.words.cancel}</button>
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
    field.setCustomValidity(name ? '' : w.refusals.name_empty);
    if (field.reportValidity()) stage.send({ do: 'invite', name, role });
  };
  const again = (e: Event) => (e.target as HTMLInputElement).setCustomValidity('');
  return html`<form @submit=${submit}>
    <h2 class="big" id="question">${w.invite}</h2>
    <label class="field"
      ><span>${w.inviteName}</span><input name="name" aria-required="true" maxlength="64" autofocus autocomplete="off" @input=${again}
    /></label>
    <label class="field">
      <span>${w.inviteRole}</span>
      <select name="role">
        ${(['guest', 'co_host', 'line_in'] as const).map((r) => html`<option value=${r}>${w.roles[r]}</option>`)}
      </select>
    </label>
    <p class="row spread">
      <button type="button" @click=${shut}>${w.cancel}</button>
      <button class="key">${w.inviteMake}</button>
    </p>
  </form>`;
}

function invited(stage: Stage, seat: number, name: string, link: string): TemplateResult {
  const w = stage.words;
  const line = stage.seat(seat)?.role === 'line_in';
  const whip = new URL(`/api/v1/events/${stage.slug}/whip`, location.href).href;
  return html`<h2 class="big" id="question">${w.inviteDone(name)}</h2>
    <p>${line ? w.lineText : w.inviteText}</p>
    ${line
      ? html`${copyField(stage, 'line-url', w.lineUrl, whip)} ${copyField(stage, 'line-url-music', w.lineUrlMusic, `${whip}?sound=original`)}
        ${copyField(stage, 'line-token', w.lineToken, link.split('#t=')[1] ?? link)}`
      : copyField(stage, 'seat-link', w.showLink, link)}
    <p class="row spread"><span></span><button class="key" @click=${shut}>${w.close}</button></p>`;
}

function message(stage: Stage): TemplateResult {
  const w = stage.words;
  const now = stage.state?.message;
  const submit = (e: Event) => {
    e.preventDefault();
    const form = new FormData(e.target as HTMLFormElement);
    // One line: the server takes no line breaks.
    const line = (name: string) => String(form.get(name)).replace(/\s+/g, ' ').trim();
    const [fr, en] = [line('fr'), line('en')];
    const field = (e.target as HTMLFormElement).querySelector('textarea')!;
    field.setCustomValidity(fr || en ? '' : w.messageNone);
    if (!field.reportValidity() || !stage.send({ do: 'message', fr, en })) return;
    stage.draft = {};
    shut(e);
  };
  const drop = (e: Event) => {
    stage.draft = {};
    shut(e);
  };
  // What was typed outlives a dialog that was closed by accident (Escape).
  const type = (name: 'fr' | 'en', e: Event) => {
    const field = e.target as HTMLTextAreaElement;
    stage.draft[name] = field.value;
    field.form!.querySelector('textarea')!.setCustomValidity('');
  };
  const area = (name: 'fr' | 'en', label: string) =>
    html`<label class="field"
      ><span>${label}</span><textarea name=${name} lang=${name} rows="3" maxlength="280" .value=${stage.draft[name] ?? now?.[name] ?? ''} @input=${(e: Event) => type(name, e)}></textarea>
    </label>`;
  return html`<form @submit=${submit}>
    <h2 class="big" id="question">${w.message}</h2>
    <p>${w.messageText}</p>
    ${(stage.lang === 'fr' ? (['fr', 'en'] as const) : (['en', 'fr'] as const)).map((lang) => area(lang, lang === 'fr' ? w.messageFr : w.messageEn))}
    <p class="row spread">
      <button type="button" @click=${drop}>${w.cancel}</button>
      <button class="key">${w.send}</button>
    </p>
  </form>`;
}
