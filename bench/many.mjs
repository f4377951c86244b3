// How many at once: one small machine holds the server on one processor and the herd on the other, at the highest open rung. Every
// listener reads and verifies its whole stream; every byte is accounted for.

import { herd, beside, faults, idle, missing, stentor, valid } from './herd.mjs';
import { repeat, row } from './lib.mjs';
import { availableKib, kib } from './proc.mjs';

const LISTENERS = Number(process.env.MANY_LISTENERS ?? 300_000);
const RATE = 5_000;
/** Long enough for several turns of everybody. */
const HOLD_S = 45;

export default async function measure() {
  const runs = await repeat(async (t) => {
    const server = await stentor(t, { rung: 3 });
    const idleCores = await idle(server.pid);
    const before = availableKib();
    let least = before;
    const looking = setInterval(() => (least = Math.min(least, availableKib())), 1_000);
    t.after(() => clearInterval(looking));
    const one = await valid(() => herd(t, server.pid, { port: server.port, path: '/e/demo/48/live.mp4', rate: RATE, listeners: LISTENERS, hold: HOLD_S, more: ['--hash-every', '4', '--patience', '30'] }));
    const [turns, late] = [await server.metric('stentor_flush_slots_total'), await server.metric('stentor_flush_slots_late_total')];
    return { ...one, idleCores, late: late / turns, peakKib: kib(server.pid, 'VmHWM'), machineKib: before - least };
  });
  return {
    listeners: LISTENERS,
    valid: runs.every(({ report }) => report.valid),
    rows: [
      row('listeners held to the end', '', runs.map(({ report }) => report.held_at_end), { atLeast: 300_000 }),
      row('never in', '', runs.map(missing), { limit: 0 }),
      row('gaps, altered or undecodable chunks, cuts', '', runs.map(faults), { limit: 0 }),
      row('stalls of the player model', '', runs.map(({ report }) => report.stalls), { limit: 0 }),
      row('chunks received in order', '', runs.map(({ report }) => report.chunks)),
      row('hashes confirmed by the manifest', '', runs.map(({ report }) => report.hashes.confirmed), { atLeast: 1 }),
      row('first audio p99', 'ms', runs.map(({ report }) => report.first_audio.p99_ms), { limit: 1_000 }),
      row('least sound that any player held', 'ms', runs.map(({ report }) => report.lowest_buffer.min_ms)),
      row('processor time of the server', 'cores', runs.map(({ cores }) => cores)),
      row('of this, before anybody came', 'cores', runs.map(({ idleCores }) => idleCores)),
      row('slots late by more than 20 ms', 'part', runs.map(({ late }) => late)),
      row('memory of the server at most (RSS)', 'MiB', runs.map(({ peakKib }) => peakKib / 1024)),
      row('memory (RSS) per listener', 'bytes', runs.map(({ bytesPerListener }) => bytesPerListener), { limit: 512 }),
      row('memory of the machine per listener, both ends of the connection and the herd', 'bytes', runs.map(({ machineKib }) => (machineKib * 1024) / LISTENERS)),
      row('processor time of the herd', 'cores', runs.map(({ report }) => report.generator.hold_cores)),
      // What the limit is: the least of these three.
      row('at this cost the server fills its processor with', 'listeners', runs.map(({ cores, idleCores }) => (LISTENERS * (1 - idleCores)) / (cores - idleCores))),
      row('at this cost the herd fills its own with', 'listeners', runs.map(({ report }) => LISTENERS / report.generator.hold_cores)),
      row('at this cost the memory is full with', 'listeners', runs.map(({ machineKib }) => (LISTENERS * availableKib()) / machineKib)),
      row('bytes beside the sound', 'part of it', runs.map(beside), { limit: 0.15 }),
    ],
  };
}
