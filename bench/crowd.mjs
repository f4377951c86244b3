// The listener side, side by side in one run: Stentor, Icecast 2 and nginx with the same sound, and the baseline, each on processor 0,
// the same herd on processor 1. A run in which the herd lagged is thrown away and made again once.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../e2e/lib/server.mjs';
import { folder, run, sleep, until } from '../e2e/lib/tools.mjs';
import { BIN, beside, child, faults, herd, idle, missing, pin, stentor, valid } from './herd.mjs';
import { hls, nginxThere, nginxVersion } from './hls.mjs';
import { repeat, row } from './lib.mjs';
import { bar, plot } from './plot.mjs';

const ICECAST = process.env.ICECAST ?? '/usr/bin/icecast2';
const LISTENERS = Number(process.env.CROWD_LISTENERS ?? 15_000);

/** All listeners in a row: spread over the interval, which costs more, it would not be the least. */
async function baseline(t, { flush, from }) {
  const port = await freePort();
  const bytes = Math.round((from.bytesPerSecond * flush) / 1000);
  const program = child(t, BIN('baseline'), ['--listen', `127.0.0.1:${port}`, '--bytes-per-flush', String(bytes), '--flush-ms', String(flush), '--cpus', '0', '--quiet']);
  await sleep(500);
  program.lives();
  return { pid: program.pid, port };
}

async function icecast(t) {
  const home = folder(t, 'icecast');
  const port = await freePort();
  const xml = `<icecast><limits><clients>19000</clients><sources>2</sources><queue-size>524288</queue-size><burst-size>65535</burst-size></limits>
<authentication><source-password>here</source-password></authentication><hostname>localhost</hostname>
<listen-socket><port>${port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
<paths><basedir>/usr/share/icecast2</basedir><logdir>${home}</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
<logging><errorlog>error.log</errorlog><accesslog>access.log</accesslog><loglevel>1</loglevel></logging>
<security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security></icecast>`;
  const config = join(home, 'icecast.xml');
  writeFileSync(config, xml);
  await run('chmod', ['-R', '0777', home]);
  const program = child(t, ICECAST, ['-c', config]);
  await sleep(1_500);
  const voice = child(t, 'ffmpeg', ['-v', 'error', '-re', '-f', 'lavfi', '-i', 'sine=frequency=200:sample_rate=48000', '-c:a', 'libopus', '-b:a', '48k', '-vbr', 'off', '-f', 'ogg', '-content_type', 'audio/ogg', `icecast://source:here@127.0.0.1:${port}/live.ogg`]);
  await until('Icecast has the sound', async () => (await fetch(`http://127.0.0.1:${port}/status-json.xsl`)).text().then((text) => text.includes('live.ogg')), { ms: 15_000 }).catch((error) => {
    throw new Error(`${error.message}\n${program.log()}${voice.log()}`);
  });
  await pin(program.pid, 0);
  await sleep(2_000);
  return { pid: program.pid, port };
}

const BEST = '/e/demo/48/live.mp4';

/** Steady at one rung. */
async function at(t, rung) {
  const server = await stentor(t, { rung });
  const idleCores = await idle(server.pid);
  const ours = await valid(() => herd(t, server.pid, { listeners: LISTENERS, port: server.port, path: BEST, rate: 1_500 }));
  return { ...ours, ours, idleCores, serving: ours.cores - idleCores };
}

/** Steady: CPU per listener against the baseline that sends as many bytes as often. */
async function steady(t, rung, flush) {
  const { ours, idleCores, serving } = await at(t, rung);
  await t.release();
  const bytesPerSecond = ours.report.bytes / ours.report.joined / (ours.report.duration_s - LISTENERS / 1_500 / 2);
  const sender = await baseline(t, { flush, from: { bytesPerSecond } });
  const theirs = await valid(() => herd(t, sender.pid, { listeners: LISTENERS, port: sender.port, path: '/', rate: 1_500, raw: true, more: ['--gap-ms', '3000'] }));
  return { ours, theirs, idleCores, serving };
}

export default async function measure() {
  const one = await repeat((t) => steady(t, 1, 1_000));
  const brisk = await repeat((t) => steady(t, 0, 200));
  const second = await repeat((t) => at(t, 2));
  const third = await repeat((t) => at(t, 3));
  const storm = await repeat(async (t) => {
    const server = await stentor(t, { rung: 1 });
    return valid(() => herd(t, server.pid, { listeners: LISTENERS, port: server.port, path: BEST, rate: 5_000, hold: 12 }));
  });
  const icecasts = (more) =>
    repeat(async (t) => {
      const server = await icecast(t);
      return valid(() => herd(t, server.pid, { listeners: LISTENERS, port: server.port, path: '/live.ogg', raw: true, more: ['--gap-ms', '3000'], ...more }));
    });
  const there = existsSync(ICECAST);
  const peer = there ? await icecasts({ rate: 1_500 }) : [];
  const peerStorm = there ? await icecasts({ rate: 5_000, hold: 12 }) : [];
  const segmented = await hls(LISTENERS);
  const perCore = (cores) => LISTENERS / cores;
  return {
    listeners: LISTENERS,
    valid: [...one, ...brisk].every(({ ours, theirs }) => ours.report.valid && theirs.report.valid) && [...second, ...third, ...storm, ...peer, ...peerStorm, ...segmented.ours, ...segmented.peer].every(({ report }) => report.valid),
    peer: peer.length ? (await run('dpkg-query', ['-W', '-f', '${Package} ${Version}', 'icecast2'])).stdout : 'Icecast is not installed here (apt-get install icecast2)',
    hls_peer: nginxThere() ? await nginxVersion() : 'nginx is not installed here (apt-get install nginx-light)',
    rows: [
      // Whoever sends has what it sends from elsewhere; ours mixes, encodes and packages it too. That is not what serving costs.
      row('mixing, encoding and packaging, before anybody comes', 'cores', one.map(({ idleCores }) => idleCores)),
      row('1 s flush: CPU of everything, ours : the baseline', 'ratio', one.map(({ ours, theirs }) => ours.cores / theirs.cores)),
      row('the baseline: listeners per core', '', one.map(({ theirs }) => perCore(theirs.cores))),
      row('the baseline: times nothing came for 3 s, cuts', '', one.map(({ theirs }) => broken(theirs))),
      row('1 s flush, 48 kbit/s: listeners per core', '', one.map(({ serving }) => perCore(serving))),
      row('1 s flush: CPU, ours : the baseline', 'ratio', one.map(({ serving, theirs }) => serving / theirs.cores), { limit: 1.25 }),
      row('1 s flush: first audio p99', 'ms', one.map(({ ours }) => ours.report.first_audio.p99_ms)),
      row('1 s flush: never in', '', one.map(({ ours }) => missing(ours)), { limit: 0 }),
      row('1 s flush: gaps, altered or undecodable chunks, cuts', '', one.map(({ ours }) => faults(ours)), { limit: 0 }),
      row('1 s flush: stalls of the player model', '', one.map(({ ours }) => ours.report.stalls), { limit: 0 }),
      row('1 s flush: memory (RSS) per listener', 'bytes', one.map(({ ours }) => ours.bytesPerListener), { limit: 512 }),
      row('200 ms flush, 48 kbit/s: listeners per core', '', brisk.map(({ serving }) => perCore(serving)), { atLeast: 15_000 }),
      row('200 ms flush: CPU, ours : the baseline', 'ratio', brisk.map(({ serving, theirs }) => serving / theirs.cores)),
      row('200 ms flush: gaps, altered or undecodable chunks, cuts', '', brisk.map(({ ours }) => faults(ours)), { limit: 0 }),
      row('200 ms flush: stalls of the player model', '', brisk.map(({ ours }) => ours.report.stalls), { limit: 0 }),
      ...[[2, '24 kbit/s every 3 s', second], [3, '12 kbit/s every 10 s', third]].flatMap(([rung, what, runs]) => [
        row(`rung ${rung}, ${what}: listeners per core`, '', runs.map(({ serving }) => perCore(serving))),
        row(`rung ${rung}: first audio p99`, 'ms', runs.map(({ report }) => report.first_audio.p99_ms)),
        row(`rung ${rung}: gaps, altered or undecodable chunks, cuts`, '', runs.map(faults), { limit: 0 }),
        row(`rung ${rung}: stalls of the player model`, '', runs.map(({ report }) => report.stalls), { limit: 0 }),
      ]),
      ...[brisk.map(({ ours }) => ours), one.map(({ ours }) => ours), second, third].map((runs, rung) =>
        row(`rung ${rung}: bytes beside the sound`, 'part of it', runs.map(beside), { limit: 0.15 }),
      ),
      row('storm of 5,000 joins/s: first audio p50', 'ms', storm.map(({ report }) => report.first_audio.p50_ms)),
      row('storm of 5,000 joins/s: first audio p99', 'ms', storm.map(({ report }) => report.first_audio.p99_ms), { limit: 1_000 }),
      row('storm of 5,000 joins/s: never in', '', storm.map(missing), { limit: 0 }),
      ...(peer.length
        ? [
            row('Icecast 2, 48 kbit/s Ogg: listeners per core', '', peer.map(({ cores, report }) => report.joined / cores)),
            row('1 s flush: TCP segments per listener and second, both ways', '', one.map(({ ours }) => ours.segments)),
            row('Icecast 2: TCP segments per listener and second, both ways', '', peer.map(({ segments }) => segments)),
            row('Icecast 2: first audio p99', 'ms', peer.map(({ report }) => report.first_audio.p99_ms)),
            row('Icecast 2: never in', '', peer.map(missing)),
            row('Icecast 2: times nothing came for 3 s, cuts', '', peer.map(broken)),
            row('Icecast 2 in a storm of 5,000 joins/s: first audio p99', 'ms', peerStorm.map(({ report }) => report.first_audio.p99_ms)),
            row('Icecast 2 in a storm of 5,000 joins/s: never in', '', peerStorm.map(missing)),
            row('Icecast 2: memory (RSS) per listener', 'bytes', peer.map(({ bytesPerListener }) => bytesPerListener)),
            // Of each listener who was served: some never get into Icecast.
            row('1 s flush: CPU a listener, ours : Icecast 2', 'ratio', peer.map((icecast, n) => one[n].serving / one[n].ours.report.joined / (icecast.cores / icecast.report.joined)), { limit: 1 }),
          ]
        : []),
      ...hlsRows('HLS, ours', segmented.ours, { limit: 0 }),
      ...hlsRows('HLS, nginx', segmented.peer),
      ...(segmented.peer.length ? [row('HLS: CPU, ours : nginx', 'ratio', segmented.peer.map(({ serving }, n) => segmented.ours[n].serving / serving))] : []),
    ],
  };
}

/** What can be told of a stream whose chunks nobody knows. */
const broken = ({ report }) => report.delivery_gap.count + Object.values(report.cut).reduce((sum, count) => sum + count, 0);

/** The same rows for ours and for the peer; none where there is none. */
function hlsRows(who, runs, held = {}) {
  if (!runs.length) return [];
  return [
    row(`${who}: listeners per core`, '', runs.map(({ serving }) => LISTENERS / serving)),
    row(`${who}: first audio p50`, 'ms', runs.map(({ report }) => report.first_audio.p50_ms)),
    row(`${who}: first audio p99`, 'ms', runs.map(({ report }) => report.first_audio.p99_ms)),
    row(`${who}: memory (RSS) per listener`, 'bytes', runs.map(({ bytesPerListener }) => bytesPerListener)),
    row(`${who}: never in`, '', runs.map(missing), held),
    row(`${who}: stalls`, '', runs.map(({ report }) => report.stalls), held),
    row(`${who}: gaps, altered or undecodable chunks, cuts`, '', runs.map(faults), held),
    row(`${who}: playlists older than one before, segments listed no more`, '', runs.map(({ report }) => report.hls.older + report.hls.skipped), held),
  ];
}

/** What `results/crowd.svg` shows. */
export function draw({ rows, listeners, repetitions, machine, commit, date, valid }) {
  const bars = (figure, names) => names.flatMap(([before, name, who]) => bar(rows, `${before}${figure}`, name, who));
  return plot({
    title: 'Listeners that one processor core serves, and how soon they hear',
    lines: [
      `48 kbit/s over loopback; ${listeners.toLocaleString('en-GB')} real listeners, every byte read; ${repetitions > 1 ? `median of ${repetitions}, a thin line from the least to the most` : 'one run'}`,
      'Who never got in counts with the time to the end of the run.',
      `${machine.cpu}, ${machine.cores} cores; commit ${commit.slice(0, 10)}, ${date.slice(0, 10)}${valid ? '' : '; NOT VALID: a herd lagged'}`,
    ],
    panels: [
      {
        title: 'Listeners per core',
        better: 'more is better',
        bars: bars(': listeners per core', [
          ['1 s flush, 48 kbit/s', 'Stentor, sent to every second', 'ours'],
          ['200 ms flush, 48 kbit/s', 'Stentor, sent to every 200 ms', 'ours'],
          ['the baseline', 'the baseline, sent to every second', 'peer'],
          ['Icecast 2, 48 kbit/s Ogg', 'Icecast 2', 'peer'],
          ['HLS, ours', 'Stentor, HLS', 'ours'],
          ['HLS, nginx', 'nginx, HLS from a folder', 'peer'],
        ]),
      },
      {
        title: 'First audio, 99th percentile, ms',
        better: 'less is better; each line is ten times more',
        log: true,
        bars: bars(': first audio p99', [
          ['1 s flush', 'Stentor, 1,500 joins/s', 'ours'],
          ['storm of 5,000 joins/s', 'Stentor, 5,000 joins/s', 'ours'],
          ['Icecast 2', 'Icecast 2, 1,500 joins/s', 'peer'],
          ['Icecast 2 in a storm of 5,000 joins/s', 'Icecast 2, 5,000 joins/s', 'peer'],
          ['HLS, ours', 'Stentor, HLS, 1,000 joins/s', 'ours'],
          ['HLS, nginx', 'nginx, HLS, 1,000 joins/s', 'peer'],
        ]),
      },
    ],
  });
}
