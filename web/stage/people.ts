// Who is on stage, in the green room, or expected; with what a host may do to each.

import { type TemplateResult, html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { type Stage } from './model.ts';
import { roleName } from './parts.ts';
import { type Place, type StageSeat } from './protocol.ts';

export function people(stage: Stage): TemplateResult {
  const w = stage.words;
  const at = (place: Place) => stage.state!.seats.filter((s) => s.place === place && s.role !== 'monitor');
  // Whoever reads this is here.
  const invited = at('invited').filter((s) => s.seat !== stage.welcome!.seat);
  return html`<section class="people">
    <h2 tabindex="-1">${w('common-on-stage')}</h2>
    ${list(stage, at('on_stage'), w('stage-nobody-on'))}
    ${stage.runs
      ? html`<h2 tabindex="-1">${w('stage-waiting')}</h2>
          ${list(stage, at('green_room'), w('stage-nobody-waiting'))}
          ${invited.length ? html`<h2 tabindex="-1">${w('stage-invited-seats')}</h2>${list(stage, invited, '')}` : nothing}`
      : nothing}
  </section>`;
}

function list(stage: Stage, seats: StageSeat[], none: string): TemplateResult {
  if (!seats.length) return html`<p class="soft none">${none}</p>`;
  return html`<ul>
    ${repeat(
      seats,
      (s) => s.seat,
      (s) => person(stage, s),
    )}
  </ul>`;
}

function person(stage: Stage, s: StageSeat): TemplateResult {
  const w = stage.words;
  const mine = s.seat === stage.welcome!.seat;
  const speaks = stage.speaking.has(s.seat) && s.place === 'on_stage';
  const away = !s.connected && s.place !== 'invited';
  const notes = [mine ? w('stage-you') : '', roleName(w, s.role), !away && s.place === 'on_stage' && s.mixer_muted ? w('common-muted') : ''];
  // Why somebody cannot come back says more than that they are away.
  const silent = s.warning === 'silent_microphone' && s.place === 'green_room';
  const wrong = silent ? w('stage-no-sound') : s.warning ? w(`stage-warning-${s.warning}`) || w('stage-silent') : away ? w('common-connection-lost') : s.place === 'green_room' && s.heard === false ? w('stage-not-heard-yet') : '';
  return html`<li class="${speaks ? 'on' : ''} ${away ? 'away' : ''}">
    <div class="who">
      <span class="name">${s.name}</span> <small>${notes.filter(Boolean).join(' · ')}</small>
      ${wrong ? html`<small class="warn">${wrong}</small>` : nothing}
    </div>
    ${s.connected ? html`<stentor-level .read=${() => stage.levels.get(s.seat) ?? null}></stentor-level>` : nothing}
    ${stage.runs && !mine ? tools(stage, s) : nothing}
  </li>`;
}

/** A host may close anybody's microphone, and open only one that has no page of its own. */
function tools(stage: Stage, s: StageSeat): TemplateResult {
  const w = stage.words;
  const on = s.place === 'on_stage';
  const button = (label: string, act: () => void, cls = '') =>
    html`<button class="small ${cls}" aria-label=${w('stage-of', { act: label, name: s.name })} @click=${act}>${label}</button>`;
  return html`<div class="tools">
    ${s.place === 'green_room' && s.connected ? button(w('stage-admit'), () => stage.admit(s), 'strong') : nothing}
    ${s.place === 'green_room' && s.connected ? preListen(stage, s) : nothing}
    ${on && !s.muted ? button(w('stage-mute-them'), () => stage.mute(s, true)) : nothing}
    ${on && s.muted && s.role === 'line_in' ? button(w('stage-unmute-them'), () => stage.mute(s, false)) : nothing}
    <details>
      <summary aria-label=${w('stage-of', { act: w('stage-more'), name: s.name })}>${w('stage-more')}</summary>
      <div class="tools">${rest(stage, s)}</div>
    </details>
  </div>`;
}

/** To hear who waits before everybody does; where the server can. */
function preListen(stage: Stage, s: StageSeat): TemplateResult | typeof nothing {
  const w = stage.words;
  const hears = stage.me?.pre_listens;
  if (hears === undefined) return nothing;
  const on = hears === s.seat;
  return html`<button class="small" aria-pressed=${on} aria-label=${w('stage-of', { act: w('stage-pre-listen'), name: s.name })} @click=${() => stage.preListen(on ? null : s.seat)}>${w('stage-pre-listen')}</button>`;
}

function rest(stage: Stage, s: StageSeat): TemplateResult {
  const w = stage.words;
  const on = s.place === 'on_stage';
  const button = (label: string, act: () => void) => html`<button class="small" aria-label=${w('stage-of', { act: label, name: s.name })} @click=${act}>${label}</button>`;
  return html`
    ${s.role === 'host' ? nothing : button(w('stage-show-link'), () => stage.send({ do: 'link', seat: s.seat }))}
    ${on ? button(w('stage-to-green'), () => stage.send({ do: 'green_room', seat: s.seat })) : nothing}
    ${s.role === 'guest' ? button(w('stage-make-co-host'), () => stage.send({ do: 'role', seat: s.seat, role: 'co_host' })) : nothing}
    ${s.role === 'co_host' ? button(w('stage-make-guest'), () => stage.send({ do: 'role', seat: s.seat, role: 'guest' })) : nothing}
    ${on && s.role !== 'host' && s.role !== 'line_in' && stage.me?.role === 'host'
      ? button(w('stage-hand-over'), () => stage.open({ kind: 'hand_over', seat: s.seat }))
      : nothing}
    ${s.role === 'host' ? nothing : button(w('stage-remove'), () => stage.open({ kind: 'remove', seat: s.seat }))}`;
}
