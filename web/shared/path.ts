// What happens to the way to the server while nobody says so: another network, another address, a page that slept.
//
// No transport tells in time that its path is dead: TCP waits a minute for an answer, ICE some seconds, and the browser's own events come
// early, late or never. So whoever uses a path counts how long it has been silent (`Quiet`), and these events are only a reason to look
// sooner. It knows no transport and opens nothing.

/** A reason to doubt a path counts as answered by whatever is heard within this time, ms. */
export const ANSWER_MS = 300;
/** A clock that was looked at later than this stood still with us: that is no silence of the other side's, ms. */
const LOOK_MS_MAX = 1_000;
/** A look so late counts only at the next one, ms: what has arrived meanwhile may still wait to be read, as this page waited. */
const LATE_MS = 400;

/** How long nothing has been heard, by looks at the clock; time in which this page itself stood still counts only a little. */
export class Quiet {
  private quiet = 0;
  /** Silent since the network changed, ms; null while it has not, or was heard again. */
  private sinceDoubt: number | null = null;
  private looked: number;
  /** Of the last look, which was late, ms. */
  private held = 0;

  constructor(private readonly clock: () => number = () => performance.now()) {
    this.looked = clock();
  }

  heard(): void {
    this.quiet = 0;
    this.sinceDoubt = null;
    this.held = 0;
    this.looked = this.clock();
  }

  /** Something has happened to the network: silence from now on says more than silence otherwise. */
  doubt(): void {
    this.look();
    this.sinceDoubt = 0;
  }

  /** For how long, ms. */
  look(): number {
    const now = this.clock();
    const passed = Math.min(LOOK_MS_MAX, now - this.looked);
    const late = passed > LATE_MS;
    const counts = this.held + (late ? 0 : passed);
    this.held = late ? passed : 0;
    this.looked = now;
    this.quiet += counts;
    if (this.sinceDoubt !== null) this.sinceDoubt += counts;
    return this.quiet;
  }

  /** Whether to try another way: silent for `ms`, or for a moment after the network has changed. */
  doubtful(ms: number): boolean {
    return this.look() > ms || (this.sinceDoubt ?? 0) > ANSWER_MS;
  }
}

/** Every so many tries one is patient: on a path that is only slow, an answer needs its time. */
const PATIENT_EVERY = 5;
/** How long a patient try waits, and no try longer, ms: five round trips of a slow mobile network. */
export const PATIENCE_MS_MAX = 4_000;
/** So many times what the last answer took, a try waits for the next, and at most so long, ms: one slow answer must not make all tries slow. */
const TOOK_TIMES = 4;
const TOOK_MS_MAX = 1_500;

/**
 * How long try number `tries` waits for its answer before the next is begun, ms. Short, because a try that was begun while nothing got
 * through may never be answered, and the next one is; `least` at least, and more where the last answer took (`took`, ms) longer.
 */
export function patience(tries: number, least: number, took: number): number {
  if (tries % PATIENT_EVERY === PATIENT_EVERY - 1) return PATIENCE_MS_MAX;
  return Math.max(least, Math.min(TOOK_MS_MAX, took * TOOK_TIMES));
}

/**
 * Requests of one try after the other over different connections: a browser keeps those with and without credentials apart, and among
 * those it kept open may be one on the path that died. No cookie exists here anyway.
 */
export const way = (tries: number): RequestCredentials => (tries % 2 ? 'same-origin' : 'omit');

interface Connection extends EventTarget {
  onchange: unknown;
}

/** Calls `act` whenever the path may have become another one. */
export function onPathChange(act: () => void): void {
  for (const name of ['online', 'offline']) addEventListener(name, act);
  // Every page is shown once when it is loaded; only one that was kept meanwhile was away.
  addEventListener('pageshow', (e) => e.persisted && act());
  document.addEventListener('visibilitychange', () => document.hidden || act());
  // Not in every browser; where it is, it is the first to know.
  (navigator as { connection?: Connection }).connection?.addEventListener('change', act);
}
