// What an operator's Prometheus reads, while an event is on air with a speaker, a monitor and a listener.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { certificate } from '../lib/certificate.mjs';
import { fetch } from '../lib/http.mjs';
import { Pinned } from '../lib/ladder.mjs';
import { Line } from '../lib/line.mjs';
import { Session, endPublishing } from '../lib/publish.mjs';
import { ROOT, cannotRun, folder, run, shared, until } from '../lib/tools.mjs';

const PROMTOOL = join(ROOT, 'target/tools/promtool');
const CERTIFICATE = 'stentor_certificate_end_timestamp_seconds';
const MANUAL = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8');

const t = shared();
t.after(endPublishing);
let server;
let host;
let speaker;

before(async () => {
  server = await Pinned.open(t, { args: ['--demo'] });
  await server.start();
  host = await Line.open(t, server, server.links.host);
  const { seat, token } = await host.invite('Desk', 'line_in');
  const session = await Session.open(t, { url: `${host.endpoint}whip`, token });
  void session.speakForEver();
  await Session.open(t, { url: host.whep, token: host.token, direction: 'RecvOnly' });
  await until('the speaker is connected', () => host.seat(seat)?.connected);
  await host.admit(seat);
  if (host.seat(seat).muted) await host.mute(seat, false);
  speaker = `event="demo",seat="${seat}"`;
  const listening = new AbortController();
  t.after(() => listening.abort());
  const { body } = await fetch(server.path('demo', '/48/live.mp4'), { signal: listening.signal });
  void body.pipeTo(new WritableStream()).catch(() => {});
});
after(t.release);

const scrape = async () => (await fetch(`http://${server.metrics}/metrics`)).text();

/** Prometheus’ own tool; undefined, and the test is over, where there is none. */
async function promtool(own, args, input) {
  const program = existsSync(PROMTOOL) ? PROMTOOL : 'promtool';
  const { error, ...ran } = await run(program, args, { input }).catch((error) => ({ error }));
  if (error?.code === 'ENOENT') return cannotRun(own, 'there is no promtool (scripts/ensure.sh promtool)');
  assert.ifError(error);
  return { code: ran.code, said: ran.stdout + ran.stderr };
}

/** Metrics that have a value. */
const named = (text) => new Set([...text.matchAll(/^(\w+)[{ ]/gm)].map(([, name]) => name));

test('no page from elsewhere may read it', async () => {
  const asked = { headers: { origin: 'https://elsewhere.example' } };
  const { status, headers } = await fetch(`http://${server.metrics}/metrics`, asked);
  assert.equal(status, 200);
  assert.equal(headers.get('access-control-allow-origin'), null);
  assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
});

test('every metric of the manual is there, and no other', async () => {
  const [, table] = MANUAL.split('<!-- the table: begin -->');
  const documented = new Set([...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name));
  assert.ok(documented.size > 50, `${documented.size} in the manual`);
  // A speaker's figures are there a second after the speaker.
  await until('the speaker is counted', async () => (await server.metric(`stentor_speaker_packets_received_total{${speaker}}`)) > 0);
  // That one has no value without a certificate.
  assert.ok(documented.delete(CERTIFICATE));
  assert.deepEqual([...named(await scrape())].sort(), [...documented].sort());
});

test('the end of the certificate is told where there is one', async (own) => {
  const { key, cert } = await certificate(folder(own), 'own', 'localhost');
  const tls = await Pinned.open(own, { args: ['--tls-cert', cert, '--tls-key', key], scheme: 'https' });
  await tls.start();
  assert.ok((await tls.metric(CERTIFICATE)) > Date.now() / 1000);
});

test('what happens is counted', async () => {
  const grows = async (name) => {
    const before = await server.metric(name);
    assert.ok(before >= 0, `${name} is there`);
    await until(`${name} grows from ${before}`, async () => (await server.metric(name)) > before);
  };
  await grows(`stentor_speaker_packets_received_total{${speaker}}`);
  await grows('stentor_datagrams_received_total');
  await grows('stentor_mixer_ticks_total{event="demo"}');
  await grows('stentor_chunks_published_total{stream="/e/demo/48"}');
  await grows('stentor_recorder_written_bytes_total{event="demo"}');
  await grows('stentor_snapshots_written_total{event="demo"}');
  await grows('stentor_sent_bytes_total{port="public"}');
  await grows('stentor_requests_total{port="operator"}');
  assert.equal(await server.metric('stentor_listeners{stream="/e/demo/48"}'), 1);
  assert.equal(await server.metric('stentor_event_on_air{event="demo"}'), 1);
  assert.equal(await server.metric('stentor_sessions{event="demo",kind="monitor"}'), 1);
  assert.equal(await server.metric('stentor_events{state="with_room"}'), 1);
  assert.equal(await server.metric('stentor_ready'), 1);
  for (const part of ['stentor_recorder_chunks_lost_total{event="demo",reason="queue_full"}', 'stentor_director_outputs_dropped_total{event="demo"}', 'stentor_peer_panics_total']) {
    assert.equal(await server.metric(part), 0, part);
  }
});

test('Prometheus’ own tool finds nothing to say about it', async (own) => {
  const checked = await promtool(own, ['check', 'metrics'], await scrape());
  if (checked) assert.deepEqual(checked, { code: 0, said: '' });
});

test('what the manual says to watch can be asked of Prometheus', async (own) => {
  const [, watched] = MANUAL.split('## What to watch');
  const rows = [...watched.split('##')[0].matchAll(/^\| `(.+?)` \|/gm)];
  assert.ok(rows.length > 8, `${rows.length} rows`);
  const rules = rows.map(([, expr], n) => ({ alert: `row${n + 1}`, expr: expr.replaceAll('\\|', '|') }));
  const file = join(folder(own), 'rules.yml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'manual', rules }] }));
  const checked = await promtool(own, ['check', 'rules', file]);
  if (checked) assert.equal(checked.code, 0, checked.said);
});

test('of an event that is over nothing is left but that it is, and it is counted as ended', async () => {
  await host.phase('ended');
  const left = async () => [...(await scrape()).matchAll(/^.*demo.*$/gm)].map(([line]) => line);
  const ended = (phase) => `stentor_event_phase{event="demo",phase="${phase}"} ${phase === 'ended' ? 1 : 0}`;
  const all = JSON.stringify(['announced', 'cancelled', 'doors', 'draft', 'ended', 'held', 'on_air'].map(ended));
  await until('nothing else is left of the event', async () => JSON.stringify((await left()).sort()) === all);
  assert.equal(await server.metric('stentor_events{state="ended"}'), 1);
  assert.equal(await server.metric('stentor_events{state="with_room"}'), 0);
});
