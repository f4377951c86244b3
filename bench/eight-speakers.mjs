// CPU and memory of one event with eight speakers: eight real publishers, everybody hearing everybody else, one listener.
// The same publishers then speak to Janus's AudioBridge, where it is installed: what the same mix costs there.

import { readdirSync } from 'node:fs';
import { Line } from '../e2e/lib/line.mjs';
import { Session } from '../e2e/lib/publish.mjs';
import { packets } from '../e2e/lib/speech.mjs';
import { sleep, until } from '../e2e/lib/tools.mjs';
import { audioBridge, janusVersion } from './janus.mjs';
import { demonstration, repeat, row } from './lib.mjs';
import { cpuSeconds, kib } from './proc.mjs';

const SPEAKERS = 8;
const SETTLE_S = 8;
const SECONDS = 30;

/** The recording as speaker `n` speaks it: each begins elsewhere, for eight people talking at once is the worst case of a mixer. */
function spokenBy(n) {
  const spoken = packets();
  const from = Math.floor((n / SPEAKERS) * spoken.length);
  return [...spoken.slice(from), ...spoken.slice(0, from)];
}

/** Cores that process `pid` keeps busy while everybody speaks and hears. */
async function busy(pid, sessions) {
  await sleep(SETTLE_S * 1000);
  const heard = sessions.map(({ received }) => received.length);
  const before = { cpu: cpuSeconds(pid), at: performance.now() };
  await sleep(SECONDS * 1000);
  const seconds = (performance.now() - before.at) / 1000;
  const cores = (cpuSeconds(pid) - before.cpu) / seconds;
  const rates = sessions.map(({ received }, n) => (received.length - heard[n]) / seconds);
  if (Math.min(...rates) < 45) throw new Error(`a speaker gets only ${Math.min(...rates).toFixed(1)} packets/s back`);
  return cores;
}

async function atJanus(t) {
  const janus = await audioBridge(t);
  const sessions = [];
  for (let n = 0; n < SPEAKERS; n++) {
    const session = await Session.open(t, { url: janus.whip, token: 'none', direction: 'SendRecv' });
    sessions.push(session);
    void session.speakForEver(spokenBy(n));
  }
  const cores = await busy(janus.pid, sessions);
  return { cores, rss: kib(janus.pid, 'VmRSS') / 1024 };
}

async function once(t) {
  const server = await demonstration(t);
  const host = await Line.open(t, server, server.links.host);
  const voice = host.state.seats.find(({ role }) => role === 'line_in');
  host.say({ do: 'green_room', seat: voice.seat });
  await sleep(2_000);
  const idle = { cpu: cpuSeconds(server.pid), at: performance.now() };
  await sleep(5_000);
  const idleCores = (cpuSeconds(server.pid) - idle.cpu) / ((performance.now() - idle.at) / 1000);
  const sessions = [];
  for (let n = 0; n < SPEAKERS; n++) {
    const { link } = await host.invite(`Speaker ${n + 1}`, 'guest');
    const line = await Line.open(t, server, link);
    const session = await Session.open(t, { url: line.whip, token: line.token, direction: 'SendRecv' });
    sessions.push(session);
    void session.speakForEver(spokenBy(n));
    const seat = line.welcome.seat;
    await host.admit(seat);
    if (line.me.muted) await line.mute(seat, false); // nobody else may open a microphone
    await until(`speaker ${n + 1} is heard`, () => line.me.mixer_muted === false, { ms: 10_000 });
  }
  const listener = await fetch(server.path('demo', '/48/live.mp4'));
  const reader = listener.body.getReader();
  let listening = true;
  void (async () => {
    while (listening) await reader.read();
  })().catch(() => {});
  const cores = await busy(server.pid, sessions);
  listening = false;
  await reader.cancel().catch(() => {});
  return { cores, idleCores, rss: kib(server.pid, 'VmRSS') / 1024, peak: kib(server.pid, 'VmHWM') / 1024, threads: readdirSync(`/proc/${server.pid}/task`).length };
}

export default async function measure() {
  const runs = await repeat(once);
  const of = (name) => runs.map((run) => run[name]);
  const version = await janusVersion();
  const theirs = version === null ? [] : await repeat(atJanus);
  const ratio = theirs.map(({ cores }, n) => runs[n].cores / cores);
  return {
    peer: version === null ? 'Janus is not installed here (apt-get install janus): no ratio' : `Janus ${version}, AudioBridge at 48 kHz: mixes and returns; no programme, renditions, recording, loudness`,
    rows: [
      row('CPU, 8 speakers and the demonstration’s event', 'cores', of('cores')),
      row('CPU, the same event with an empty stage', 'cores', of('idleCores')),
      row('memory (RSS), 8 speakers', 'MiB', of('rss')),
      row('memory (RSS) at its peak', 'MiB', of('peak')),
      row('threads', '', of('threads')),
      ...(theirs.length
        ? [
            row('CPU, Janus AudioBridge with the same 8 speakers', 'cores', theirs.map(({ cores }) => cores)),
            row('memory (RSS), Janus AudioBridge', 'MiB', theirs.map(({ rss }) => rss)),
            row('CPU, ours with all it makes : Janus mixing only', 'ratio', ratio),
          ]
        : []),
    ],
  };
}
