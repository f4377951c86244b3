// The command itself: what `make run` starts, what it prints, how it leaves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromNowOn } from '../lib/direct.mjs';
import { fetch } from '../lib/http.mjs';
import { BINARY, Server, demo, env } from '../lib/server.mjs';
import { dbfs } from '../lib/sound.mjs';
import { folder, run, until } from '../lib/tools.mjs';

test('the demonstration prints three links and can be heard at once', async (t) => {
  const server = await demo(t);
  const { listener, host, guest } = server.links;
  assert.equal(listener, server.path('demo'));
  assert.match(host, /\/s\/demo#t=.{20,}/);
  assert.match(guest, /\/s\/demo#t=.{20,}/);
  assert.notEqual(host, guest);
  for (const link of [listener, host]) assert.equal((await fetch(link)).status, 200);
  assert.equal((await server.status()).phase, 'on_air');
  assert.ok(dbfs(await fromNowOn(server.path('demo', '/48/live.mp4'), 4)) > -35, 'a speaking voice');
  const ready = await fetch(`${server.url}/healthz/ready`);
  assert.equal(ready.status, 200);
});

test('the server leaves when told to, and its links are the same when it comes back', async (t) => {
  const server = await demo(t);
  const { host, guest } = server.links;
  const open = await fetch(server.path('demo', '/48/live.mp4'));
  await server.stop();
  const { code } = await server.exited;
  assert.equal(code, 0, server.log);
  await open.arrayBuffer().catch(() => {});
  await server.start();
  assert.equal(server.links.host, host);
  assert.equal(server.links.guest, guest);
});

test('an event made beside a running server is there without a restart', async (t) => {
  const server = await demo(t);
  await server.create({ slug: 'later', title: 'Later' });
  await until('the event is open', async () => (await fetch(server.path('later'))).status === 200);
  assert.equal((await server.status('later')).phase, 'doors');
});

test('a self-signed certificate serves the pages over TLS', async (t) => {
  const server = new Server(t, { args: ['--demo', '--dev-tls'], scheme: 'https' });
  await server.start();
  assert.match(server.links.host, /^https:/);
  const ran = await run('ffprobe', ['-v', 'error', '-read_intervals', '%+2', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', server.path('demo', '/48/live.mp4')]);
  assert.match(ran.stdout, /opus/, ran.stderr);
});

test('help names every flag, and a slug that is taken is one sentence', async (t) => {
  const help = await run(BINARY, ['serve', '--help'], { env: env() });
  for (const flag of ['--demo', '--listen', '--udp', '--public-ip', '--data', '--public-url', '--tls-cert', '--tls-key', '--dev-tls', '--config']) assert.ok(help.stdout.includes(flag), flag);
  const server = new Server(t);
  await server.create({ slug: 'once' });
  await assert.rejects(server.create({ slug: 'once' }), /once/);
  await assert.rejects(server.create({ slug: 'Not A Slug' }), /slug/i);
});

test('who reads only the beginning of what a command prints does it no harm', async (t) => {
  const command = '(sleep 0.2; "$0" event create --title T --host Ada --data "$1"; echo "code $?" >&2) | true';
  const { stderr } = await run('sh', ['-c', command, BINARY, folder(t, 'data')]);
  assert.match(stderr, /code 0$/m);
  assert.doesNotMatch(stderr, /panic|cannot be written/);
});
