// The link, handed on: by the system's own sheet where there is one, else copied.

import { titled } from '../shared/status.ts';
import { type MoreSay } from './main.ts';
import { type Host, button, section } from './host.ts';

export function share(host: Host, say: MoreSay): HTMLElement {
  const url = new URL(host.base, location.href).href;
  const share = button(say('more-share'), () => {
    const done = navigator.share
      ? navigator.share({ title: titled(host.status(), host.lang())[1], url })
      : navigator.clipboard.writeText(url).then(() => {
          share.textContent = say('more-shared');
        });
    // Whoever closes the sheet has thought better of it.
    done?.catch(() => {});
  });
  return section(share);
}
