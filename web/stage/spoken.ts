// The language of the page and what is said in it. The sentences come from the server, those of one language at a time: until the first have
// come the page has nothing to say, and while others are on their way it goes on in the language it speaks.

import { jittered } from '../shared/backoff.ts';
import { keepLanguage, language } from '../shared/lang.ts';
import { type Lang } from '../shared/messages.ts';
import { type Say, type Words, fetchWords, sayer } from '../shared/words.ts';

/** How long until words that did not come are asked for again, ms. */
const AGAIN_MS = 2_000;

export type StageSay = Say<'stage' | 'common'>;

export class Spoken {
  /** What the page speaks; before its first words, what it will. */
  lang: Lang;
  /** A sentence by its id. */
  say: StageSay = () => '';
  /** Whether there is anything to say yet. */
  ready = false;
  /** The words that were asked for last did not come. */
  failing = false;
  private readonly known: { [lang in Lang]?: Words } = {};
  private asked: Lang;

  constructor(
    private readonly changed: () => void,
    private readonly bring: (lang: Lang) => Promise<Words> = (lang) => fetchWords('stage', lang),
  ) {
    this.lang = this.asked = language(undefined, document.documentElement.lang as Lang);
    void this.speak(this.lang);
  }

  choose(lang: Lang): void {
    keepLanguage(lang);
    void this.speak(lang);
  }

  private async speak(lang: Lang): Promise<void> {
    this.asked = lang;
    try {
      const words = (this.known[lang] ??= await this.bring(lang));
      if (this.asked !== lang) return;
      [this.lang, this.say, this.ready, this.failing] = [lang, sayer(words, lang), true, false];
    } catch {
      if (this.asked !== lang) return;
      this.failing = true;
      setTimeout(() => this.asked === lang && void this.speak(lang), jittered(AGAIN_MS));
    }
    this.changed();
  }
}
