// What the host and co-hosts have beside their microphone: the programme, the people, the listeners.

import { type TemplateResult, html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import { said } from '../shared/status.ts';
import { type Stage } from './model.ts';
import { copyField } from './parts.ts';
import { people } from './people.ts';
import { picture } from './picture.ts';
import { chapters, leading, planning, reads } from './schedule.ts';
import { own } from './tongues.ts';

/** Target of the mix and its tolerance (docs/design.md §5), LUFS. */
const TARGET_LUFS = -18;
const TOLERANCE_LU = 2;
/** Below this nobody speaks: the bed under a pause measures about −42. */
const SILENT_LUFS = -40;

export function hostTools(stage: Stage): TemplateResult {
  const w = stage.words;
  return html`<section class="tools-of-host">
    ${programme(stage)} ${people(stage)}
    <p><button @click=${() => stage.open({ kind: 'invite' })}>${w('stage-invite')}</button></p>
    <section class="listeners">
      <h2>${w('common-listening', { count: stage.state?.listeners ?? 0 })}</h2>
      ${reads(stage)} ${message(stage)} ${copyField(stage, 'listen-link', w('stage-listen-link'), stage.welcome!.listen)}
    </section>
  </section>`;
}

function programme(stage: Stage): TemplateResult {
  const w = stage.words;
  const air = stage.state?.phase === 'on_air';
  return html`<section class="programme">
    <h2>${air ? w('stage-program') : w('stage-check')}</h2>
    <div class="row spread">
      <p class="lufs">${loudness(stage)}</p>
      ${leading(stage)}
    </div>
    ${planning(stage)} ${picture(stage)} ${recording(stage)} ${chapters(stage)}
  </section>`;
}

/** Whether it is recorded is what the server says: a switch that was refused goes back. */
function recording(stage: Stage): TemplateResult {
  const set = (e: Event) => {
    const box = e.target as HTMLInputElement;
    // What is not recorded on air is lost.
    if (!box.checked && stage.state?.phase === 'on_air') stage.open({ kind: 'record' });
    else stage.send({ do: 'record', on: box.checked });
    box.checked = stage.state?.recorded ?? false;
  };
  return html`<label class="check"
    ><input type="checkbox" id="record" .checked=${live(stage.state?.recorded ?? false)} @change=${set} /> ${stage.words('stage-record')}</label
  >`;
}

/** Loudest microphone on stage before air: a level that is worth going on with, dBFS. */
const QUIET_DBFS = -45;
const LOUD_DBFS = -6;

function loudness(stage: Stage): TemplateResult {
  const w = stage.words;
  const { lufs } = stage;
  const figure = (value: number) => value.toLocaleString(stage.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).replace('-', '−');
  const shown = (value: string, says: string) => html`<span class="figure">${value}</span> <span class="soft">${says}</span>`;
  // With every microphone closed the meter hears only the waiting sound: nothing to judge.
  const open = stage.state?.seats.some((s) => s.place === 'on_stage' && s.connected && !s.mixer_muted);
  if (!stage.online) return shown('–', 'LUFS');
  if (!open) return shown('–', `LUFS, ${w('stage-none-open')}`);
  if (stage.state?.phase !== 'on_air') {
    // What goes out is measured when something goes out; until then, what comes in is.
    const level = stage.loudest;
    if (level === null) return shown('–', `dBFS, ${w('stage-silence')}`);
    return shown(figure(level), `dBFS, ${level < QUIET_DBFS ? w('stage-too-quiet') : level > LOUD_DBFS ? w('stage-too-loud') : w('stage-just-right')}. ${w('stage-check-text')}`);
  }
  if (lufs === null || lufs < SILENT_LUFS) return shown('–', `LUFS, ${w('stage-silence')}`);
  const off = lufs - TARGET_LUFS;
  return shown(figure(lufs), `LUFS, ${off < -TOLERANCE_LU ? w('stage-too-quiet') : off > TOLERANCE_LU ? w('stage-too-loud') : w('stage-just-right')}`);
}

function message(stage: Stage): TemplateResult {
  const w = stage.words;
  const words = said(stage.state?.message, stage.lang, own(stage))?.[1];
  return html`${words ? html`<blockquote>${words}</blockquote>` : nothing}
    <p class="row">
      <button @click=${() => stage.open({ kind: 'message' })}>${w('stage-message-edit')}</button>
      ${words ? html`<button class="link" @click=${() => stage.send({ do: 'message' })}>${w('stage-clear')}</button>` : nothing}
    </p>`;
}
