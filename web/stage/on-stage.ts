// On stage: the big button that shows what is heard, and who else is here.

import { type TemplateResult, html, nothing } from 'lit';
import { hostTools } from './host-tools.ts';
import { type Stage } from './model.ts';
import { heading, notices } from './parts.ts';
import { people } from './people.ts';
import { type StageSeat } from './protocol.ts';
import { keysOf, sound } from './sound.ts';
import { type Unheard } from './unheard.ts';

/** Above this level (dBFS) a muted microphone hears somebody talking. */
const TALKING_DBFS = -38;

export function onStage(stage: Stage, me: StageSeat): TemplateResult {
  const w = stage.words;
  return html`<main class=${stage.runs ? 'desk' : 'single'}>
    <section class="mine">
      ${heading(stage)} ${notices(stage)} ${muteButton(stage, me)}
      ${stage.runs ? nothing : people(stage)}
      <details class="settings"><summary>${w('stage-settings')}</summary>${sound(stage)} ${keysOf(stage)}</details>
      <p><button class="link" @click=${() => stage.leaveStage()}>${w('stage-back-to-green')}</button></p>
    </section>
    ${stage.runs ? hostTools(stage) : nothing}
    ${dock(stage)}
  </main>`;
}

/** The microphone is never a scroll away: where the round button is out of sight on a phone, this is there (`main.ts` looks). */
function dock(stage: Stage): TemplateResult {
  const w = stage.words;
  return html`<div class="dock">
    <button class="key" ?disabled=${!stage.online && stage.shut} @click=${() => stage.toggle()}>${stage.shut ? w('stage-unmute') : w('stage-mute')}</button>
  </div>`;
}

/** What the big button says: its state for the style, its words, and the button that mends it. */
interface Said {
  state: 'live' | 'muted' | 'pending' | 'unheard';
  title: string;
  text: string;
  mend?: TemplateResult;
}

function muteButton(stage: Stage, me: StageSeat): TemplateResult {
  const w = stage.words;
  const { state, title, text, mend } = say(stage, me);
  // Muting always works, here in the microphone; opening it needs the server.
  const stuck = !stage.online && stage.shut;
  const { keys } = stage;
  const label = stage.shut ? w('stage-unmute') : w('stage-mute');
  return html`<div class="mute ${state}">
    <div class="ring">
      <stentor-level ring .read=${() => stage.mic.level()}></stentor-level>
      <button
        class="round"
        ?disabled=${stuck}
        aria-label=${keys.hold ? w('stage-hold-to-talk') : label}
        @click=${(e: MouseEvent) => (keys.hold && e.detail ? undefined : stage.toggle())}
        @pointerdown=${(e: PointerEvent) => {
          if (!keys.hold) return;
          (e.currentTarget as Element).setPointerCapture(e.pointerId);
          keys.talk(true);
        }}
        @pointerup=${() => keys.talk(false)}
        @pointercancel=${() => keys.talk(false)}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path class="body" d="M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3z" />
          <path class="arc" d="M6 11.5v.5a6 6 0 0 0 12 0v-.5M12 18v3" />
          <path class="slash" d="M4.5 3.5l15 17" />
        </svg>
      </button>
    </div>
    <div class="says" role="status" tabindex="-1">
      <p class="big">${title}</p>
      <p class="soft">${text}</p>
    </div>
    <button class="key" ?disabled=${stuck} @click=${() => stage.toggle()}>${label}</button>
    ${mend ? html`<div class="row mend">${mend}</div>` : nothing}
    ${keys.on ? html`<p class="soft keys"><kbd>M</kbd> ${keys.hold ? w('stage-key-hold') : w('stage-key-toggle')}</p>` : nothing}
  </div>`;
}

function say(stage: Stage, me: StageSeat): Said {
  const w = stage.words;
  const air = stage.state?.phase === 'on_air';
  const reason = stage.unheard;
  if (reason) return { state: 'unheard', title: reason === 'line' ? w('stage-unsure') : w('stage-unheard-title'), text: w(`stage-unheard-${reason}`), mend: mending(stage, reason) };
  // A microphone that is closed here is closed, whatever the mixer does. Without one there is nothing to open.
  const pending = stage.peer.link === 'connected' && !stage.wantsMuted && me.muted !== me.mixer_muted;
  if (pending) return { state: 'pending', title: me.muted ? w('stage-muting') : w('stage-unmuting'), text: w('stage-pending-text') };
  if (!stage.shut && me.mixer_muted) return { state: 'pending', title: w('stage-unmuting'), text: w('stage-pending-text') };
  if (!stage.shut) return { state: 'live', title: air ? w('stage-live') : w('stage-live-before'), text: air ? w('stage-live-text') : w('stage-live-before-text') };
  const hushed = stage.hushed ? `${me.role === 'host' ? w('stage-hushed-host') : w('stage-hushed')} ` : '';
  const talking = !stage.hushed && (stage.mic.level() ?? -99) > TALKING_DBFS;
  const none = !stage.mic.track && !stage.mic.asking;
  return {
    state: 'muted',
    title: w('stage-muted'),
    text: none ? w(`stage-unheard-${stage.mic.problem ?? 'ended'}`) : talking ? w('stage-speaking-muted') : hushed + w('stage-muted-text'),
    mend: none ? mending(stage, stage.mic.problem ?? 'ended') : undefined,
  };
}

function mending(stage: Stage, reason: Unheard): TemplateResult {
  const { mic, words: w } = stage;
  const again = html`<button class="strong" @click=${() => stage.again()}>${w('stage-try-now')}</button>`;
  if (reason === 'voice' || reason === 'line' || reason === 'on_the_way') return again;
  return html`<button class="strong" aria-disabled=${mic.asking} @click=${() => mic.open()}>
    ${mic.asking ? w('stage-mic-asking') : reason === 'ended' ? w('stage-mic-allow') : w('stage-mic-retry')}
  </button>`;
}
