// The green room: name, microphone, how one sounds, and the way to the stage.

import { isAhead } from '../shared/status.ts';
import { type TemplateResult, html, nothing } from 'lit';
import { hostTools } from './host-tools.ts';
import { type Stage } from './model.ts';
import { heading, notices } from './parts.ts';
import { type StageSeat } from './protocol.ts';
import { sound } from './sound.ts';

export function greenRoom(stage: Stage, me: StageSeat): TemplateResult {
  return html`<main class=${stage.runs ? 'desk' : 'single'}>
    <section class="mine">
      ${heading(stage)} ${notices(stage)} ${stage.mic.track ? check(stage, me) : ask(stage)}
    </section>
    ${stage.runs ? hostTools(stage) : nothing}
  </main>`;
}

function ask(stage: Stage): TemplateResult {
  const w = stage.words;
  const { mic } = stage;
  return html`<div class="step">
    <h2 class="big">${w('stage-mic-title')}</h2>
    <p class="say">${stage.runs ? w('stage-mic-why') : w('stage-mic-why-guest')}</p>
    ${mic.problem ? html`<p class="warn" role="alert">${w(`stage-unheard-${mic.problem}`)}</p>` : nothing}
    <button class="key" aria-disabled=${mic.asking} @click=${() => mic.open()}>
      ${mic.asking ? w('stage-mic-asking') : mic.problem ? w('stage-mic-retry') : w('stage-mic-allow')}
    </button>
  </div>`;
}

function check(stage: Stage, me: StageSeat): TemplateResult {
  const w = stage.words;
  const { mic, peer } = stage;
  const connected = peer.link === 'connected' && peer.heard;
  return html`<div class="step">
      ${name(stage, me)}
      ${sound(stage)}
      <stentor-level .read=${() => mic.level()}></stentor-level>
      <p class="soft">${w('stage-speak')}</p>
    </div>
    <div class="step">
      <button aria-pressed=${stage.loopback} ?disabled=${!connected} @click=${() => stage.setLoopback(!stage.loopback)}>
        ${w('stage-listen-back')}
      </button>
      <p class="soft">${w('stage-headphones')}</p>
    </div>
    <div class="step">${way(stage, connected)}</div>`;
}

function name(stage: Stage, me: StageSeat): TemplateResult {
  const w = stage.words;
  const rename = (e: Event) => {
    e.preventDefault();
    const field = (e.target as HTMLFormElement).elements.namedItem('name') as HTMLInputElement;
    const value = field.value.trim();
    if (!value) field.value = me.name;
    else if (value !== me.name) stage.rename(value);
  };
  return html`<form class="field" @submit=${rename} @focusout=${(e: Event) => (e.currentTarget as HTMLFormElement).requestSubmit()}>
    <label for="name">${w('stage-your-name')}</label>
    <input id="name" name="name" maxlength="64" autocomplete="name" .value=${me.name} @input=${() => stage.typing()} />
    <p class="soft" role="status">${stage.renamed ? w('stage-name-saved') : ''}</p>
  </form>`;
}

function way(stage: Stage, connected: boolean): TemplateResult {
  const w = stage.words;
  if (!connected) return html`<button class="key" disabled>${w('stage-voice-connecting')}</button>`;
  if (stage.runs)
    return html`<button class="key" @click=${() => stage.goOnStage()}>${w('stage-go-on')}</button>
      <p class="soft">${stage.state && isAhead(stage.state.phase) ? w('stage-scheduled-note') : w('stage-host-waits')}</p>`;
  return html`<p class="say" role="status">${w('stage-host-sees')}</p>`;
}
