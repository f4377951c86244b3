// A reminder by mail, for whoever does not live by a calendar.

import { isAhead } from '../shared/status.ts';
import { type MoreSay } from './main.ts';
import { type Host, offers, section } from './host.ts';

export class Reminder {
  private box: HTMLElement | undefined;

  constructor(private readonly host: Host) {}

  draw(say: MoreSay): HTMLElement {
    const { host } = this;
    const form = document.createElement('form');
    const label = document.createElement('label');
    const field = document.createElement('input');
    const send = document.createElement('button');
    const answer = document.createElement('p');
    Object.assign(field, { type: 'email', name: 'address', required: true, autocomplete: 'email', id: 'address' });
    label.htmlFor = 'address';
    label.className = 'wide';
    label.textContent = say('more-remind');
    send.textContent = say('more-remind-send');
    answer.setAttribute('role', 'status');
    answer.className = 'wide';
    form.append(section(label, field, send, answer));
    form.addEventListener('submit', (e) => {
      e.preventDefault();
      send.disabled = true;
      void ask(host, field.value)
        .then((detail) => {
          field.value = '';
          answer.textContent = detail;
        })
        .catch((error: Error) => (answer.textContent = error.message || say('more-remind-failed')))
        .finally(() => (send.disabled = false));
    });
    return (this.box = section(form));
  }

  follow(): void {
    if (this.box) this.box.hidden = !offers('mails') || !isAhead(this.host.status().phase);
  }
}

async function ask(host: Host, address: string): Promise<string> {
  const response = await fetch(`/api/v1/events/${host.base.slice(3)}/reminders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ address, lang: host.lang() }),
  });
  const { detail } = (await response.json().catch(() => ({}))) as { detail?: string };
  if (!response.ok || !detail) throw new Error(detail ?? '');
  return detail;
}
