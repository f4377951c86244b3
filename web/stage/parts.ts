// Small pieces that both views show.

import { type TemplateResult, html, nothing } from 'lit';
import { locale, moment } from '../shared/time.ts';
import { type Stage } from './model.ts';

/**
 * What is wrong right now, nearest first: our line, our voice, our microphone, then the event, and for hosts the server. It has a place of
 * its own that is there also when it is empty: what comes and goes must not move a button from under a finger.
 */
export function notices(stage: Stage): TemplateResult {
  const w = stage.words;
  const { peer, mic, state, me } = stage;
  const lines: (string | TemplateResult)[] = [];
  if (peer.refused) lines.push(html`${w.voiceRefused}${stage.lang === 'fr' ? ' ' : ''}: <span lang="en">${peer.refused}</span>`);
  // Somebody who is not heard reads it from the big word.
  if (!stage.unheard) {
    if (!stage.online) lines.push(w.lineLost);
    // Both are most often one: the network.
    else if (peer.link === 'reconnecting' || (peer.link === 'connected' && !peer.heard)) lines.push(w.voiceLost);
    if (mic.problem && mic.track) lines.push(w.unheard[mic.problem]);
    else if (me?.warning === 'silent_microphone' && me.place === 'green_room') lines.push(w.silentHere);
    else if (me?.warning === 'too_quiet') lines.push(w.tooQuietHere);
  }
  if (me?.warning === 'not_reached' || me?.warning === 'handshake_failed') lines.push(w.cannotConnect[me.warning]);
  if (stage.takenOff) lines.push(w.offStage);
  if (me && state?.seats.some((s) => s.pre_listens === me.seat)) lines.push(w.preListened);
  if (state?.phase === 'on_air') {
    const { hostDropped, hostDroppedWaiting, stageEmpty, fault } = w;
    const dropped = me?.place === 'on_stage' ? hostDropped : hostDroppedWaiting;
    const said = { ok: '', host_dropped: me?.role === 'host' ? '' : dropped, stage_empty: stageEmpty, fault }[state.condition];
    if (said) lines.push(said);
  }
  // What only the machine's people can mend is for those who run the event.
  if (stage.runs && state?.ends) lines.push(w.ends(new Date(state.ends).toLocaleTimeString(locale(stage.lang), { hour: 'numeric', minute: '2-digit' })));
  for (const kind of stage.runs ? (state?.alarms ?? []) : []) lines.push(w.alarms[kind] ?? w.alarm(kind));
  return html`<div class="notices" role="status" ?data-some=${lines.length > 0}>${lines.map((l) => html`<p>${l}</p>`)}</div>`;
}

/** A title of more characters is set smaller: the microphone's button is to stay in sight below it. */
const LONG = 50;

/** Title with where we stand: green room, on stage, on air, since when; and what everybody must know before they speak. */
export function heading(stage: Stage): TemplateResult {
  const w = stage.words;
  const { state } = stage;
  const { title } = stage.welcome!.event;
  const air = state?.phase === 'on_air';
  const count = state?.listeners ?? 0;
  const on = stage.me?.place === 'on_stage';
  const phase = air ? w.onAir : w.notYet;
  const starts = state?.phase === 'scheduled' && state.starts !== null ? moment(state.starts, locale(stage.lang)) : null;
  // The nearest first: in the green room one is not on air, whatever the event is.
  return html`<p class="where">
      <span class="dot ${air && on ? 'on' : ''}"></span>
      ${on ? html`<strong>${phase}</strong>` : html`<strong>${w.greenRoom}</strong> <span>${phase}</span>`}
      ${air ? html`<stentor-clock .since=${state.on_air_since}></stentor-clock>` : nothing}
      <span>${on ? w.onStage : ''}${on && air ? ' · ' : ''}${air ? w.listeners(count.toLocaleString(stage.lang)) : ''}</span>
    </p>
    <h1 tabindex="-1" class=${title.length > LONG ? 'long' : ''}>${title}</h1>
    ${starts ? html`<p class="soft">${w.startsAt(starts)}</p>` : nothing}
    ${state?.recorded ? html`<p class="recorded"><span class="dot on"></span> ${w.recorded}</p>` : air ? html`<p class="recorded">${w.notRecorded}</p>` : nothing}`;
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
