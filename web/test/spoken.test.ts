import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Lang } from '../shared/messages.ts';
import { type Words } from '../shared/words.ts';
import { Spoken } from '../stage/spoken.ts';

/** A page of an event in that language, in a browser that prefers these; it brings words when it is told to. */
function page(t: TestContext, own: Lang, languages: string[]) {
  for (const [name, value] of Object.entries({ document: { documentElement: { lang: own } }, navigator: { languages }, localStorage: undefined }))
    Object.defineProperty(globalThis, name, { value, configurable: true });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const asked: { lang: Lang; bring(words?: Words): Promise<void> }[] = [];
  const settled = () => new Promise<void>((done) => setImmediate(done));
  const spoken = new Spoken(
    () => {},
    (lang) =>
      new Promise((done, fail) =>
        asked.push({
          lang,
          bring: (words) => {
            words ? done(words) : fail(new Error('no words'));
            return settled();
          },
        }),
      ),
  );
  return { spoken, asked, settled };
}

const words = (lang: string): Words => ({ 'stage-mute': lang });

test('the stage speaks the browser’s language, else the event’s', (t) => {
  assert.equal(page(t, 'fr', ['it-IT', 'de-AT', 'en']).spoken.lang, 'de');
  t.mock.timers.reset();
  assert.equal(page(t, 'fr', ['it-IT']).spoken.lang, 'fr');
});

test('until its words have come it says nothing, and asks again where they did not', async (t) => {
  const { spoken, asked, settled } = page(t, 'en', []);
  assert.deepEqual([spoken.ready, spoken.say('stage-mute')], [false, '']);
  await asked[0]!.bring();
  assert.equal(spoken.failing, true);
  t.mock.timers.tick(3_000);
  await settled();
  await asked[1]!.bring(words('en'));
  assert.deepEqual([spoken.ready, spoken.failing, spoken.say('stage-mute')], [true, false, 'en']);
});

test('the language chosen last is spoken, whichever words come first, and the one before until then', async (t) => {
  const { spoken, asked } = page(t, 'en', []);
  await asked[0]!.bring(words('en'));
  spoken.choose('fr');
  spoken.choose('de');
  assert.deepEqual([spoken.lang, spoken.say('stage-mute')], ['en', 'en']);
  await asked[2]!.bring(words('de'));
  await asked[1]!.bring(words('fr'));
  assert.deepEqual([spoken.lang, spoken.say('stage-mute')], ['de', 'de']);
  spoken.choose('en');
  await new Promise<void>((done) => setImmediate(done));
  assert.deepEqual([asked.length, spoken.lang], [3, 'en'], 'words that are here are not asked for again');
});
