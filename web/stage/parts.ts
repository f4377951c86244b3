// Small pieces that both views show.

import { type TemplateResult, html, nothing } from 'lit';
import { type Stage } from './model.ts';

/** What is wrong right now, nearest first: our line, our voice, our microphone, then the event. */
export function troubles(stage: Stage): TemplateResult | typeof nothing {
  const w = stage.words;
  const { peer, mic, state, me } = stage;
  const lines: (string | TemplateResult)[] = [];
  if (!stage.online) lines.push(w.lineLost);
  if (peer.refused) lines.push(html`${w.voiceRefused} (<span lang="en">${peer.refused}</span>)`);
  else if (peer.link === 'reconnecting') lines.push(w.voiceLost);
  if (mic.problem && mic.track) lines.push(w.mic[mic.problem]);
  else if (me?.warning === 'silent_microphone') lines.push(w.silentMe);
  if (state?.phase === 'on_air') {
    const { hostDropped, stageEmpty, fault } = w;
    const said = { ok: '', host_dropped: hostDropped, stage_empty: stageEmpty, fault }[state.condition];
    if (said) lines.push(said);
  }
  for (const kind of state?.alarms ?? []) lines.push(w.alarms[kind] ?? w.alarm(kind));
  return lines.length ? html`<div class="troubles" role="status">${lines.map((l) => html`<p>${l}</p>`)}</div>` : nothing;
}

/** Title with where we stand: green room, on stage, on air. */
export function heading(stage: Stage): TemplateResult {
  const w = stage.words;
  const air = stage.state?.phase === 'on_air';
  const count = stage.state?.listeners ?? 0;
  const place = stage.me?.place === 'on_stage' ? w.onStage : w.greenRoom;
  return html`<p class="where">
      <span class="dot ${air ? 'on' : ''}"></span>
      <strong>${air ? w.onAir : w.notYet}</strong>
      <span>${place}${air ? html` · ${w.listeners(count.toLocaleString(stage.lang))}` : nothing}</span>
    </p>
    <h1 tabindex="-1">${stage.welcome!.event.title}</h1>`;
}

/** `id` is the field's own on this page. */
export function copyField(stage: Stage, id: string, label: string, value: string): TemplateResult {
  const copy = async (e: Event) => {
    const button = e.currentTarget as HTMLButtonElement;
    const field = button.parentElement!.querySelector('input')!;
    field.select();
    try {
      await navigator.clipboard.writeText(value);
      button.textContent = stage.words.copied;
      setTimeout(() => (button.textContent = stage.words.copy), 1500);
    } catch {
      // The field is selected: copying by hand is one key away.
    }
  };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <div class="row"><input id=${id} readonly .value=${value} /><button type="button" .textContent=${stage.words.copy} @click=${copy}></button></div>
  </div>`;
}
