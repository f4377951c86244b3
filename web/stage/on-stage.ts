// On stage: the big button that shows what the mixer does, and who else is here.

import { type TemplateResult, html, nothing } from 'lit';
import { hostTools } from './host-tools.ts';
import { type Stage } from './model.ts';
import { heading, troubles } from './parts.ts';
import { people } from './people.ts';
import { type StageSeat } from './protocol.ts';

/** Above this level (dBFS) a muted microphone hears somebody talking. */
const TALKING_DBFS = -38;

export function onStage(stage: Stage, me: StageSeat): TemplateResult {
  const w = stage.words;
  return html`<main class=${stage.runs ? 'desk' : 'single'}>
    <section class="mine">
      ${heading(stage)} ${troubles(stage)} ${stage.mic.track ? muteButton(stage, me) : microphone(stage)}
      ${stage.runs ? nothing : people(stage)}
      <p><button class="link" @click=${() => stage.send({ do: 'green_room', seat: me.seat })}>${w.backToGreen}</button></p>
    </section>
    ${stage.runs ? hostTools(stage) : nothing}
  </main>`;
}

function microphone(stage: Stage): TemplateResult {
  const { mic, words: w } = stage;
  return html`<div class="step">
    ${mic.problem ? html`<p class="warn" role="alert">${w.mic[mic.problem]}</p>` : nothing}
    <button class="key" aria-disabled=${mic.asking} @click=${() => mic.open()}>${mic.asking ? w.micAsking : w.micAllow}</button>
  </div>`;
}

function muteButton(stage: Stage, me: StageSeat): TemplateResult {
  const w = stage.words;
  const air = stage.state?.phase === 'on_air';
  // Without the line to the server the sound may still flow: only a lost connection is silence.
  const up = stage.peer.link === 'connected' && !stage.wantsMuted;
  const pending = up && me.muted !== me.mixer_muted;
  const shown = !up || me.mixer_muted;
  const title = pending ? (me.muted ? w.muting : w.unmuting) : shown ? w.muted : air ? w.live : w.liveBefore;
  const closed = stage.hushed ? `${me.role === 'host' ? w.hushedHost : w.hushed} ${w.mutedText}` : w.mutedText;
  const text = pending ? w.pendingText : shown ? closed : air ? w.liveText : w.liveBeforeText;
  const talking = shown && !pending && !stage.hushed && (stage.mic.level() ?? -99) > TALKING_DBFS;
  // Muting always works, here in the microphone; opening it needs the server.
  const stuck = !stage.online && (me.muted || stage.wantsMuted);
  const state = pending ? 'pending' : shown ? 'muted' : 'live';
  return html`<div class="mute ${state}">
    <div class="ring">
      <stentor-level ring .read=${() => stage.mic.level()}></stentor-level>
      <button class="round" ?disabled=${stuck} @click=${() => stage.mute(me, !(me.muted || stage.wantsMuted))} aria-label=${me.muted || stage.wantsMuted ? w.unmute : w.mute}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path class="body" d="M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3z" />
          <path class="arc" d="M6 11.5v.5a6 6 0 0 0 12 0v-.5M12 18v3" />
          <path class="slash" d="M4.5 3.5l15 17" />
        </svg>
      </button>
    </div>
    <div role="status" tabindex="-1">
      <p class="big">${title}</p>
      <p class="soft">${talking ? w.speakingMuted : text}</p>
    </div>
    <button class="key" ?disabled=${stuck} @click=${() => stage.mute(me, !(me.muted || stage.wantsMuted))}>${me.muted || stage.wantsMuted ? w.unmute : w.mute}</button>
  </div>`;
}
