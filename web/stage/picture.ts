// The picture of the event: sent as it is, for the server reads it and writes it anew.

import { type TemplateResult, html, nothing } from 'lit';
import { type Stage } from './model.ts';

export function picture(stage: Stage): TemplateResult {
  const w = stage.words;
  const there = stage.state?.schedule.picture;
  return html`<div class="row">
    <label class="field"
      ><span>${w('stage-picture')}</span
      ><input type="file" id="picture" accept="image/jpeg,image/png,image/webp" @change=${(e: Event) => void give(stage, e.target as HTMLInputElement)}
    /></label>
    ${there ? html`<button class="small" @click=${() => void ask(stage, { method: 'DELETE' })}>${w('stage-picture-drop')}</button>` : nothing}
  </div>`;
}

async function give(stage: Stage, field: HTMLInputElement): Promise<void> {
  const [file] = field.files ?? [];
  if (!file) return;
  field.disabled = true;
  await ask(stage, { method: 'PUT', body: file });
  field.disabled = false;
  field.value = '';
}

/** What comes of it is shown by the state that the server sends; only a refusal is told here. */
async function ask(stage: Stage, how: RequestInit): Promise<void> {
  const headers = { authorization: `Bearer ${stage.token}` };
  const answer = await fetch(`/api/v1/events/${stage.slug}/picture`, { ...how, headers }).catch(() => null);
  if (!answer) stage.say(stage.words('stage-not-connected'));
  else if (answer.status >= 500) stage.say(stage.words('stage-picture-later'));
  else if (!answer.ok) stage.say(stage.words('stage-picture-refused'));
}
