// What one hears with and is heard through: microphone, loudspeaker, and the keys. The same in the green room and on stage.

import { type TemplateResult, html, nothing } from 'lit';
import { type Stage } from './model.ts';

const value = (e: Event) => (e.target as HTMLSelectElement).value;
const checked = (e: Event) => (e.target as HTMLInputElement).checked;

export function sound(stage: Stage): TemplateResult {
  return html`${microphone(stage)} ${loudspeaker(stage)}`;
}

function choice(label: string, devices: MediaDeviceInfo[], used: string, unnamed: string, choose: (id: string) => void, system: string): TemplateResult {
  // Browsers without a "default" of their own get one: who chooses it follows the system.
  const named = devices.some((d) => d.deviceId === 'default' || d.deviceId === '');
  return html`<label class="field">
    <span>${label}</span>
    <select @change=${(e: Event) => choose(value(e))}>
      ${named ? nothing : html`<option value="" ?selected=${!used}>${system}</option>`}
      ${devices.map(
        (d, i) => html`<option value=${d.deviceId} ?selected=${d.deviceId === used || (!used && d.deviceId === 'default')}>${d.label || `${unnamed} ${i + 1}`}</option>`,
      )}
    </select>
  </label>`;
}

function microphone(stage: Stage): TemplateResult | typeof nothing {
  const { mic, words: w } = stage;
  if (!mic.devices.length) return nothing;
  return choice(w('stage-mic-device'), mic.devices, mic.chosen, w('stage-mic-device'), (id) => void mic.choose(id), w('stage-system-default'));
}

function loudspeaker(stage: Stage): TemplateResult {
  const { speaker, words: w } = stage;
  return html`<div class="step">
    ${speaker.devices.length ? choice(w('stage-speaker-device'), speaker.devices, speaker.deviceId, w('stage-speaker-device'), (id) => void speaker.choose(id), w('stage-system-default')) : nothing}
    <p class="row">
      ${speaker.asks ? html`<button class="small" @click=${() => speaker.ask()}>${w('stage-speaker-choose')}</button>` : nothing}
      <button class="small" ?disabled=${speaker.playing} @click=${() => speaker.test()}>${w('stage-test-tone')}</button>
    </p>
  </div>`;
}

export function keysOf(stage: Stage): TemplateResult {
  const { keys, words: w } = stage;
  return html`<div class="step">
    <label class="check"><input type="checkbox" .checked=${keys.hold} @change=${(e: Event) => keys.pushToTalk(checked(e))} /> ${w('stage-push-to-talk')}</label>
    <label class="check"><input type="checkbox" .checked=${keys.on} @change=${(e: Event) => keys.switch(checked(e))} /> ${w('stage-keys-on')} <kbd>M</kbd></label>
  </div>`;
}
