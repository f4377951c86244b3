// The dial around the button: fifty strokes, for Stentor's fifty voices. They count down the last fifty
// minutes, breathe while somebody speaks, search while we reconnect, and show how far a replay has gone.
//
// It is decoration with a meaning that is always also written in words; it stands still for those who ask.

export type Mood = 'quiet' | 'voice' | 'search';

const STROKES = 50;
const INNER = 124;
const REST = 22;
const REACH = 52;
/** Twenty pictures a second: enough for strokes, and kind to a phone that plays for two hours. */
const FRAME_MS = 50;

export class Dial {
  private mood: Mood = 'quiet';
  private lit = STROKES;
  private level = 0;
  private drawn = '';
  private frame = 0;
  private readonly still = matchMedia('(prefers-reduced-motion: reduce)');

  constructor(
    private readonly full: SVGPathElement,
    private readonly faint: SVGPathElement,
  ) {
    this.draw(0);
  }

  /** `share` of the strokes are lit, 0 to 1. */
  show(mood: Mood, share: number): void {
    this.mood = mood;
    this.lit = Math.round(Math.max(0, Math.min(1, share)) * STROKES);
    if (!this.frame) this.next(0);
  }

  private next(wait: number): void {
    this.frame = window.setTimeout(() => requestAnimationFrame((t) => this.step(t)), wait);
  }

  private step(now: number): void {
    this.frame = 0;
    const moving = !this.still.matches && this.mood !== 'quiet';
    this.level += ((moving ? 1 : 0) - this.level) * 0.18;
    if (this.level < 0.01) this.level = 0;
    this.draw(now / 1000);
    if (moving || this.level) this.next(FRAME_MS);
  }

  private draw(t: number): void {
    const searching = this.mood === 'search';
    let full = '';
    let faint = '';
    for (let i = 0; i < STROKES; i++) {
      const wave = searching
        ? Math.max(0, Math.cos((i / STROKES) * 2 * Math.PI - t * 2)) ** 6 * 0.5
        : Math.abs(Math.sin(i * 1.7 + t * 2.1) * Math.sin(i * 0.37 - t * 1.3) + 0.35 * Math.sin(i * 5.1 + t * 5));
      const length = REST + REACH * wave * this.level;
      const angle = (i / STROKES) * 2 * Math.PI;
      const [x, y] = [Math.sin(angle), -Math.cos(angle)];
      const point = (r: number) => `${(x * r).toFixed(1)} ${(y * r).toFixed(1)}`;
      const line = `M${point(INNER)}L${point(INNER + length)}`;
      if (searching ? wave > 0.1 && this.level > 0.1 : i < this.lit) full += line;
      else faint += line;
    }
    const drawn = `${full}|${faint}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.full.setAttribute('d', full);
    this.faint.setAttribute('d', faint);
  }
}
