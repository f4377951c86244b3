// What the listener's page can do beside letting one hear: fetched once that is there, so that nobody waits for it. The page works without it.
//
// It shares, reminds, plays the replay as one likes, goes back while it is live, and tells the lock screen what is heard. Of the page it
// knows what that hands over (`Host`), and draws in a place of its own.

import { type Lang } from '../shared/messages.ts';
import { type Say, type Words, fetchWords, sayer } from '../shared/words.ts';
import { type Host } from './host.ts';
import { Reminder } from './remind.ts';
import { Players } from './players.ts';
import { Replay } from './replay.ts';
import { Rewind } from './rewind.ts';
import { keys } from './keys.ts';
import { about, languages } from './languages.ts';
import { LockScreen } from './lock-screen.ts';
import { share } from './share.ts';
import { STYLE } from './style.ts';
import { volume } from './volume.ts';

export type MoreSay = Say<'more'>;

/** Joins the page; what is given back is to be called whenever something has changed. */
export function attach(host: Host): () => void {
  const place = document.getElementById('more')!;
  style();
  keys(host);
  languages(host);
  const tell = about(host);
  const lock = new LockScreen(host);
  const replay = new Replay(host);
  const rewind = new Rewind(host);
  const reminder = new Reminder(host);
  const players = new Players(host);
  const parts: ((say: MoreSay) => HTMLElement)[] = [(say) => volume(host, say), (say) => rewind.draw(say), (say) => replay.draw(say), (say) => share(host, say), (say) => reminder.draw(say), (say) => players.draw(say)];
  let lang: Lang | undefined;
  let words: Words | undefined;
  const speak = async (wanted: Lang) => {
    lang = wanted;
    const fetched = await fetchWords('more', wanted).catch(() => undefined);
    if (lang !== wanted || !fetched) return;
    words = fetched;
    const say = sayer<'more'>(words, wanted);
    place.replaceChildren(...parts.map((part) => part(say)));
    place.hidden = false;
    follow();
  };
  const follow = () => {
    lock.follow();
    void tell();
    if (host.lang() !== lang) void speak(host.lang());
    if (!words) return;
    replay.follow();
    rewind.follow();
    reminder.follow();
    players.follow();
  };
  follow();
  return follow;
}

/** Beside the page's own style, which its policy names by its hash: a sheet that a script makes needs no permission. */
function style(): void {
  if (!('replaceSync' in CSSStyleSheet.prototype)) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

