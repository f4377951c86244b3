// Three soft notes as a WAV file: something that everybody recognises as a test, and nobody takes for a voice.

const RATE = 24_000;
const NOTES_HZ = [523.25, 659.25, 783.99];
const NOTE_S = 0.35;
/** Full scale is 1. */
const LOUD = 0.25;

/** Samples of all notes, each rising and falling softly. */
function samples(): Float32Array {
  const each = Math.round(RATE * NOTE_S);
  return Float32Array.from({ length: each * NOTES_HZ.length }, (_, n) => {
    const [note, at] = [Math.floor(n / each), n % each];
    return LOUD * Math.sin((2 * Math.PI * NOTES_HZ[note]! * at) / RATE) * Math.sin((Math.PI * at) / each);
  });
}

/** Its address, for an element to play. */
export function tone(): string {
  const sound = samples();
  const view = new DataView(new ArrayBuffer(44 + sound.length * 2));
  const text = (at: number, word: string) => [...word].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, 36 + sound.length * 2, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, sound.length * 2, true);
  sound.forEach((s, i) => view.setInt16(44 + i * 2, s * 0x7fff, true));
  return URL.createObjectURL(new Blob([view], { type: 'audio/wav' }));
}
