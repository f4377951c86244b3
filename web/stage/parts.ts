// Small pieces that both views show.

import { type TemplateResult, html, nothing } from 'lit';
import { type Role, isAhead } from '../shared/status.ts';
import { locale, moment } from '../shared/time.ts';
import { type Stage } from './model.ts';
import { type StageSay } from './spoken.ts';

/**
 * What is wrong right now, nearest first: our line, our voice, our microphone, then the event, and for hosts the server. It has a place of
 * its own that is there also when it is empty: what comes and goes must not move a button from under a finger.
 */
export function notices(stage: Stage): TemplateResult {
  const w = stage.words;
  const { peer, mic, state, me } = stage;
  const lines: (string | TemplateResult)[] = [];
  if (peer.refused) lines.push(html`${w('stage-voice-refused')} <span lang="en">${peer.refused}</span>`);
  // Somebody who is not heard reads it from the big word.
  if (!stage.unheard) {
    if (!stage.online) lines.push(w('stage-line-lost'));
    // Both are most often one: the network.
    else if (peer.link === 'reconnecting' || (peer.link === 'connected' && !peer.heard)) lines.push(w('stage-voice-lost'));
    if (mic.problem && mic.track) lines.push(w(`stage-unheard-${mic.problem}`));
    else if (me?.warning === 'silent_microphone' && me.place === 'green_room') lines.push(w('stage-silent-here'));
    else if (me?.warning === 'too_quiet') lines.push(w('stage-too-quiet-here'));
  }
  if (me?.warning === 'not_reached' || me?.warning === 'handshake_failed') lines.push(w(`stage-cannot-connect-${me.warning}`));
  if (stage.takenOff) lines.push(w('stage-off-stage'));
  if (me && state?.seats.some((s) => s.pre_listens === me.seat)) lines.push(w('stage-pre-listened'));
  if (state?.phase === 'on_air') {
    const dropped = () => (me?.role === 'host' ? '' : w(me?.place === 'on_stage' ? 'stage-host_dropped' : 'stage-host_dropped-waiting'));
    const { condition } = state;
    const said = condition === 'ok' ? '' : condition === 'host_dropped' ? dropped() : w(`stage-${condition}`);
    if (said) lines.push(said);
  }
  // What only the machine's people can mend is for those who run the event.
  if (stage.runs && state?.ends) lines.push(w('stage-ends', { time: new Date(state.ends).toLocaleTimeString(locale(stage.lang), { hour: 'numeric', minute: '2-digit' }) }));
  for (const kind of stage.runs ? (state?.alarms ?? []) : []) lines.push(w(`stage-alarm-${kind}`) || w('stage-alarm-other', { kind }));
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
  const held = state?.phase === 'held';
  const phase = air ? w('common-on-air') : held ? w('stage-held') : w('stage-not-yet');
  const starts = state && isAhead(state.phase) && state.starts !== null ? moment(state.starts, locale(stage.lang)) : null;
  // The nearest first: in the green room one is not on air, whatever the event is.
  return html`<p class="where">
      <span class="dot ${air && on ? 'on' : ''}"></span>
      ${on ? html`<strong>${phase}</strong>` : html`<strong>${w('stage-green-room')}</strong> <span>${phase}</span>`}
      ${air || held ? html`<stentor-clock .since=${state.on_air_since}></stentor-clock>` : nothing}
      <span>${on ? w('common-on-stage') : ''}${on && air ? ' · ' : ''}${air ? w('common-listening', { count }) : ''}</span>
    </p>
    <h1 tabindex="-1" class=${title.length > LONG ? 'long' : ''}>${title}</h1>
    ${starts ? html`<p class="soft">${w('stage-starts-at', { moment: starts })}</p>` : nothing}
    ${state?.recorded ? html`<p class="recorded"><span class="dot on"></span> ${w('stage-recorded')}</p>` : air ? html`<p class="recorded">${w('stage-not-recorded')}</p>` : nothing}`;
}

/** `id` is the field's own on this page. */
export function copyField(stage: Stage, id: string, label: string, value: string): TemplateResult {
  const copy = async (e: Event) => {
    const button = e.currentTarget as HTMLButtonElement;
    const field = button.parentElement!.querySelector('input')!;
    field.select();
    try {
      await navigator.clipboard.writeText(value);
      button.textContent = stage.words('stage-copied');
      setTimeout(() => (button.textContent = stage.words('stage-copy')), 1500);
    } catch {
      // The field is selected: copying by hand is one key away.
    }
  };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <div class="row"><input id=${id} readonly .value=${value} /><button type="button" .textContent=${stage.words('stage-copy')} @click=${copy}></button></div>
  </div>`;
}

/** Two roles are named on this page alone: listeners never read of them. */
export const roleName = (say: StageSay, role: Role): string =>
  role === 'line_in' || role === 'monitor' ? say(`stage-role-${role}`) : say(`common-role-${role}`);
