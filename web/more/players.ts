// Where other players find the sound: the addresses to give to a radio app, a podcast app, a television or an old telephone.

import { isLive } from '../shared/status.ts';
import { type MoreSay } from './main.ts';
import { type Host, offers, section } from './host.ts';

export class Players {
  private box: HTMLElement | undefined;

  constructor(private readonly host: Host) {}

  draw(say: MoreSay): HTMLElement {
    const { base } = this.host;
    const mp3 = offers('mp3');
    const ways: [string, string][] = [
      [say('more-players-hls'), '/index.m3u8'],
      [say('more-players-ogg'), '/ogg/live.ogg'],
    ];
    if (mp3) ways.push([say('more-players-mp3'), '/live.mp3']);
    const details = document.createElement('details');
    const summary = document.createElement('summary');
    const list = document.createElement('ul');
    summary.textContent = say('more-players');
    for (const [name, path] of ways) {
      const item = document.createElement('li');
      const link = document.createElement('a');
      link.href = base + path;
      link.textContent = link.href;
      item.append(name, document.createElement('br'), link);
      list.append(item);
    }
    details.append(summary, list);
    if (!mp3) {
      const none = document.createElement('p');
      none.textContent = say('more-players-opus');
      details.append(none);
    }
    details.id = 'players';
    return (this.box = section(details));
  }

  follow(): void {
    if (this.box) this.box.hidden = !isLive(this.host.status().phase);
  }
}
