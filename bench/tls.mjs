// What TLS costs: a full handshake, a listener's memory, and whether those inside notice that a crowd shakes hands. Stentor with
// its own certificate (ECDSA P-256) on processor 0, herds on processor 1; the herd's half of a handshake is on its own processor,
// and a herd that lagged makes the figure invalid.

import { sleep } from '../e2e/lib/tools.mjs';
import { herd, idle, ride, stentor, valid } from './herd.mjs';
import { repeat, row } from './lib.mjs';
import { cpuSeconds } from './proc.mjs';

const LISTENERS = Number(process.env.TLS_LISTENERS ?? 3_000);
/** Sent to every 200 ms: lateness is then below that, and a delay of a few milliseconds shows. */
const RUNG = 0;
/** Newcomers that come, shake hands, are answered and go, each second: a storm the server can take, and one it cannot. */
const STORM_PER_S = Number(process.env.TLS_STORM ?? 3_000);
const FLOOD_PER_S = 8_000;
const STORM_S = 8;
/** A small answer that ends: what is left of a visit is its connection and its handshake. */
const SMALL = '/e/demo/status.json';

const secure = (t) => stentor(t, { rung: RUNG, args: ['--dev-tls'], scheme: 'https' });
const plain = (t) => stentor(t, { rung: RUNG });

/** Processor time of the server per visit, microseconds, without what it does anyway. */
async function visits(t, { pid, port }, { rate, seconds, more }) {
  const idleCores = await idle(pid);
  const start = { cpu: cpuSeconds(pid), at: performance.now() };
  const listeners = rate * seconds;
  const report = await ride(t, { port, path: SMALL, listeners, rate, seconds: seconds + 1, before: true, more: ['--raw', '--arrivals', 'constant', ...more] });
  const cpu = cpuSeconds(pid) - start.cpu - (idleCores * (performance.now() - start.at)) / 1000;
  return { report, us: (cpu / report.joined) * 1e6 };
}

/** Listeners inside, and meanwhile `storm` visits a second from elsewhere; none without. */
async function inside(t, storm) {
  const { pid, port } = await secure(t);
  const rate = 1_000;
  const hold = STORM_S + 5;
  const held = herd(t, pid, { port, path: '/e/demo/48/live.mp4', rate, listeners: LISTENERS, hold, before: true, more: ['--tls'] });
  await sleep((LISTENERS / rate + 2) * 1000);
  const stormed = storm ? await ride(t, { port, path: SMALL, listeners: storm * STORM_S, rate: storm, seconds: STORM_S + 1, from: '127.2.0.0/24', more: ['--tls', '--raw'] }) : null;
  return { ...(await held), stormed };
}

export default async function measure() {
  const visit = { rate: 1_500, seconds: 6 };
  const full = await repeat(async (t) => valid(async () => visits(t, await secure(t), { ...visit, more: ['--tls'] })));
  const resumed = await repeat(async (t) => valid(async () => visits(t, await secure(t), { ...visit, more: ['--tls', '--tls-resume'] })));
  const bare = await repeat(async (t) => valid(async () => visits(t, await plain(t), { ...visit, more: [] })));
  const quiet = await repeat((t) => valid(() => inside(t, 0)));
  // A storm that lagged was a smaller one. What a flood does to its own herd is no matter: it is there to be too much.
  const storm = await repeat((t) => valid(() => inside(t, STORM_PER_S), ({ report, stormed }) => report.valid && stormed.valid));
  const flood = await repeat((t) => valid(() => inside(t, FLOOD_PER_S)));
  const late = ({ report }) => report.lateness.p99_ms;
  const faults = ({ report }) => report.gaps + report.stalls + report.hashes.altered + Object.values(report.cut).reduce((sum, n) => sum + n, 0);
  const all = [...full, ...resumed, ...bare, ...quiet, ...storm, ...flood];
  return {
    listeners: LISTENERS,
    valid: all.every(({ report }) => report.valid) && storm.every(({ stormed }) => stormed.valid),
    invalid_because: [...all.map(({ report }) => report), ...storm.map(({ stormed }) => stormed)].flatMap(({ invalid_because }) => invalid_because),
    rows: [
      row('CPU of a visit with a full handshake', 'µs', full.map(({ us }) => us)),
      row('CPU of a visit that resumes a session', 'µs', resumed.map(({ us }) => us)),
      row('of those, resumed', 'share', resumed.map(({ report }) => report.tls.resumed / report.tls.handshake.count), { atLeast: 0.9 }),
      row('CPU of a visit without TLS', 'µs', bare.map(({ us }) => us)),
      row('full handshakes per second per core, visits counted whole', '', full.map(({ us }) => 1e6 / us), { atLeast: 2_000 }),
      row('memory (RSS) per TLS listener', 'bytes', quiet.map(({ bytesPerListener }) => bytesPerListener), { limit: 16 * 1024 }),
      row('CPU per TLS listener at 200 ms flush', 'µs/s', quiet.map(({ cores }) => (cores / LISTENERS) * 1e6)),
      row('TLS newcomer, quiet: handshake p99', 'ms', quiet.map(({ report }) => report.tls.handshake.p99_ms)),
      row('TLS newcomer, quiet: first audio p99', 'ms', quiet.map(({ report }) => report.first_audio.p99_ms), { limit: 1_000 }),
      row('those inside, quiet: lateness p99', 'ms', quiet.map(late)),
      row(`those inside, ${STORM_PER_S} handshakes/s: lateness p99`, 'ms', storm.map(late)),
      row('the same : quiet', 'ratio', storm.map((one, n) => late(one) / late(quiet[n])), { limit: 1.25 }),
      row('stalls, gaps, altered chunks, cuts inside', '', storm.map(faults), { limit: 0 }),
      row('newcomers of the storm: handshake p99', 'ms', storm.map(({ stormed }) => stormed.tls.handshake.p99_ms)),
      row('newcomers of the storm: never in', '', storm.map(({ stormed }) => stormed.scheduled - stormed.joined), { limit: 0 }),
      row(`those inside, ${FLOOD_PER_S} handshakes/s: lateness p99`, 'ms', flood.map(late)),
      row('the same : quiet', 'ratio', flood.map((one, n) => late(one) / late(quiet[n])), { limit: 2 }),
      row('stalls, gaps, altered chunks, cuts inside', '', flood.map(faults), { limit: 0 }),
      row('newcomers of the flood: never in', 'share', flood.map(({ stormed }) => 1 - stormed.joined / stormed.scheduled)),
      row('newcomers of the flood: the second herd kept up', '', flood.map(({ stormed }) => (stormed.valid ? 1 : 0))),
    ],
  };
}
