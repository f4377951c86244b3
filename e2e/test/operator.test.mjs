// What an operator types and reads: every mistake is one sentence, nothing is taken in silence, no log has a link.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificate, endedCertificate } from '../lib/certificate.mjs';
import { fetch } from '../lib/http.mjs';
import { Line } from '../lib/line.mjs';
import { BINARY, Server, env, freePort } from '../lib/server.mjs';
import { PYTHON, ROOT, cannotRun, folder, run, shared, until } from '../lib/tools.mjs';

/** More than any probe needs, and more than the operator's port once took. */
const SILENT = 200;
/** What the small disk gives at once. */
const PAGE_BYTES = 4_096;

const stentor = (args, more = {}) => run(BINARY, args, { env: { ...env(), ...more } });

/** A refusal is one line that names what was typed and what was wrong. */
function refused({ code, stderr }, words, what) {
  assert.notEqual(code, 0, `${what}: ${stderr}`);
  assert.equal(stderr.trim().split('\n').length, 1, `${what}: ${stderr}`);
  for (const word of words) assert.ok(stderr.includes(word), `${what}: ${stderr}\n  has no ${word}`);
}

test('a wrong line of the file is told with file, line, value, what is expected and what was meant', async (t) => {
  const dir = folder(t);
  const file = join(dir, 'stentor.toml');
  for (const [text, ...words] of [
    ['listen = "localhost:18500"', 'line 1', '"localhost:18500"', '"127.0.0.1:8080"', '127.0.0.1:18500'],
    ['log = "info"\nlisten = 18500', 'line 2', '18500', '[::]:18500'],
    ['rung = -1', 'line 1', 'rung must be 0 to 4', '-1'],
    ['proxies = "10.0.0.0/8"', '["10.0.0.0/8"]'],
    ['public_ips = ["live.example.org"]', '"live.example.org"', '["203.0.113.7"]'],
    ['public_ips = ["0.0.0.0"]', 'every address'],
    ['\n\npublic-url = "https://a.example"', 'line 3', 'did you mean public_url?'],
    ['data = "x"', 'did you mean data_dir?'],
    ['log = "loud"', '"loud"', 'error, warn, info'],
    ['log = "stentor_stuido=debug"', 'did you mean stentor_studio?'],
    ['invitation_days = 0', '1 to 3660', 'got 0'],
    ['connections_max = 100000000000', 'got 100000000000'],
    ['drain_s = 999999999', 'got 999999999'],
    ['public_url = "https://radio example org"', 'space'],
    ['public_url = "https://radio.example.org/?a=b"', 'query'],
    ['public_url = "https://radio.example.org/live"', 'path'],
    ['dev_tls = true\npublic_url = "http://radio.example.org"', 'line 2', 'https://radio.example.org'],
    ['listen = "127.0.0.1:1', 'line 1 column', 'TOML'],
  ]) {
    writeFileSync(file, text);
    refused(await stentor(['serve', '--config', file, '--data', join(dir, 'data')]), [file, ...words], text);
  }
  assert.ok(!existsSync(join(dir, 'data')), 'nothing was made');
});

test('a wrong variable and a wrong flag are told by their own name', async (t) => {
  const data = folder(t);
  for (const [name, text, ...words] of [
    ['STENTOR_PUBLIC_IPS', 'live.example.org', '203.0.113.7'],
    ['STENTOR_DATA', data, 'did you mean STENTOR_DATA_DIR?'],
    ['STENTOR_PUBLIC_IP', '127.0.0.1', 'did you mean STENTOR_PUBLIC_IPS?'],
    ['STENTOR_LISTEN', ':18500', '[::]:18500'],
    ['STENTOR_RUNG', 'two', '0 to 4', '"two"'],
  ]) {
    refused(await stentor(['serve', '--data', data], { [name]: text }), [name, ...words], name);
  }
  for (const [flag, text, ...words] of [
    ['--listen', ':18500', '[::]:18500'],
    ['--listen', '18500', '127.0.0.1:18500'],
    ['--listen', '127.0.0.1', '127.0.0.1:8080'],
    ['--listen', '[::1]', '[::1]:8080'],
    ['--log', 'inof', 'did you mean info?'],
    ['--public-ip', '0.0.0.0', 'every address'],
    ['--metrics', 'localhost:9100', '127.0.0.1:9100'],
    ['--log-format', 'jsn', 'did you mean json?'],
  ]) {
    const ran = await stentor(['serve', '--data', data, flag, text]);
    refused(ran, [flag, ...words], `${flag} ${text}`);
    assert.equal(ran.code, 2, 'the command line is wrong');
  }
});

test('an event is not made in a folder that is not there, and the one like it is named', async (t) => {
  const dir = folder(t);
  const server = new Server(t, { data: join(dir, 'radio') });
  mkdirSync(server.data);
  await server.create({ slug: 'one' });
  for (const typo of ['raido', 'Radio', 'radio2']) {
    const ran = await stentor(['event', 'create', '--title', 'Two', '--data', join(dir, typo)]);
    refused(ran, [join(dir, typo), `did you mean ${server.data}?`], typo);
  }
  assert.deepEqual(readdirSync(dir), ['radio']);
  // With a configuration file it is a server's, started elsewhere: no folder is made beside the command.
  const file = join(dir, 'stentor.toml');
  writeFileSync(file, 'rung = 1\n');
  refused(await run(BINARY, ['event', 'create', '--title', 'Three', '--config', file], { cwd: dir }), ['there is no data folder', 'data_dir'], 'no folder is named');
  assert.deepEqual(readdirSync(dir), ['radio', 'stentor.toml']);
});

test('certificates are told by both files, and one for another name by a warning', async (t) => {
  const dir = folder(t);
  const [one, two] = [await certificate(dir, 'one', 'one.example'), await certificate(dir, 'two', 'two.example')];
  const serve = (cert, key, ...more) => stentor(['serve', '--data', dir, '--tls-cert', cert, '--tls-key', key, ...more]);
  refused(await serve(one.cert, two.key), [one.cert, two.key, 'of another certificate'], 'a foreign key');
  refused(await serve(one.key, one.cert), [one.cert, one.key, 'exchange them'], 'exchanged');
  refused(await serve(join(dir, 'none.pem'), one.key), ['tls_cert', join(dir, 'none.pem')], 'no file');
  const port = await freePort();
  const listen = ['--listen', `127.0.0.1:${port}`];
  const check = (url) => stentor(['check', '--json', '--data', dir, ...listen, '--tls-cert', one.cert, '--tls-key', one.key, '--public-url', url]);
  const found = ({ stdout }) => JSON.parse(stdout).findings.find(({ check }) => check === 'certificate');
  assert.equal(found(await check('https://one.example')).verdict, 'ok');
  const other = await check('https://radio.one.example');
  assert.equal(found(other).verdict, 'bad');
  assert.match(found(other).said, /one\.example.*radio\.one\.example/);
  assert.equal(other.code, 1);
});

test('check says yes, or what to do, and changes nothing', async (t) => {
  const data = folder(t);
  const port = await freePort();
  const args = ['check', '--data', data, '--listen', `127.0.0.1:${port}`];
  const good = await stentor(args);
  assert.equal(good.code, 0, good.stdout);
  assert.match(good.stdout, /^yes: /m);
  assert.deepEqual(readdirSync(data), []);
  const server = new Server(t, { data: folder(t) });
  await server.start();
  const taken = await stentor(['check', '--data', data, '--listen', `127.0.0.1:${server.port}`]);
  assert.equal(taken.code, 1);
  assert.match(taken.stdout, /BAD.*taken by another program/);
  assert.match(taken.stdout, /^no: /m);
  const own = await stentor(['check', '--data', server.data, '--listen', `127.0.0.1:${server.port}`]);
  assert.equal(own.code, 0, own.stdout);
  const wrong = await stentor(['check', '--json', '--listen', 'nowhere']);
  assert.equal(wrong.code, 1);
  assert.equal(JSON.parse(wrong.stdout).ok, false);
});

test('over TLS browsers are asked to come by TLS alone, for as long as is configured, and not at all where it is switched off', async (t) => {
  const dir = folder(t);
  const { key, cert } = await certificate(dir, 'own', 'localhost');
  const server = new Server(t, { args: ['--demo', '--tls-cert', cert, '--tls-key', key], scheme: 'https' });
  const strict = (path) => new Promise((done, failed) => get(server.url + path, { rejectUnauthorized: false }, (answer) => done(answer.resume().headers['strict-transport-security'])).on('error', failed));
  for (const [days, said] of [[null, 'max-age=31536000'], [1, 'max-age=86400'], [0, undefined]]) {
    const file = join(dir, 'stentor.toml');
    writeFileSync(file, days === null ? '' : `hsts_days = ${days}\n`);
    await server.start(['--config', file]);
    for (const path of ['/e/demo', '/s/demo', '/e/demo/status.json', '/nowhere', '/healthz/live']) assert.equal(await strict(path), said, path);
    await server.stop();
  }
});

test('links are in no log: a server whose output is no terminal prints them when asked to', async (t) => {
  const server = new Server(t);
  await server.create({ slug: 'quiet' });
  await server.start();
  assert.doesNotMatch(server.log, /#t=/);
  // The log is written beside what is printed.
  await until('the log says how links are had', () => server.log.includes('--print-links'));
  await server.stop();
  await server.start(['--print-links']);
  assert.match(server.out, /\/s\/quiet#t=/);
});

test('a port of the operator that is taken keeps the server from touching anything', async (t) => {
  const other = new Server(t);
  await other.start();
  const data = folder(t);
  const ran = await stentor(['serve', '--data', data, '--listen', `127.0.0.1:${await freePort()}`, '--metrics', `127.0.0.1:${other.port}`]);
  refused(ran, ['--metrics', `${other.port}`, 'taken'], 'metrics');
  assert.ok(!existsSync(join(data, 'stentor.db')), 'no store was made');
});

test('the operator’s port says what there is, also while many connect to it and say nothing', async (t) => {
  const metrics = await freePort();
  const server = new Server(t, { args: ['--metrics', `127.0.0.1:${metrics}`] });
  await server.start();
  const sockets = Array.from({ length: SILENT }, () => connect(metrics, '127.0.0.1').on('error', () => {}));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => new Promise((done) => socket.on('connect', done))));
  const index = await (await fetch(`http://127.0.0.1:${metrics}/`)).text();
  for (const path of ['/metrics', '/ladder.json', '/healthz/live', '/healthz/ready']) {
    assert.ok(index.includes(path), path);
    assert.equal((await fetch(`http://127.0.0.1:${metrics}${path}`)).status, 200, path);
  }
});

test('SIGHUP says what it took, what it did not, and what needs a restart', async (t) => {
  const file = join(folder(t), 'stentor.toml');
  writeFileSync(file, 'rung = 1\n');
  const server = new Server(t, { args: ['--config', file], rung: null });
  await server.start();
  const reload = async (text, said) => {
    writeFileSync(file, text);
    const before = server.log.length;
    process.kill(server.pid, 'SIGHUP');
    await until(`${said}`, () => said.test(server.log.slice(before)));
  };
  await reload('rung = 2\ndrain_s = 5\nproxies = ["10.0.0.0/8"]\n', /WARN.*proxies, drain_s|WARN.*drain_s, proxies|WARN.*settings=.*drain_s/);
  await reload('rung = 9\n', /ERROR.*configuration in use stays.*rung must be 0 to 4/);
  await reload('rung = 3\n', /INFO.*read again/);
  // What means something to other servers ends this one no more.
  for (const signal of ['SIGUSR1', 'SIGUSR2']) {
    process.kill(server.pid, signal);
    await until(`${signal} is told`, () => server.log.includes(`signal="${signal}"`));
  }
  assert.ok(server.running);
});

test('a certificate that has ended takes the place of none that holds', async (t) => {
  const dir = folder(t);
  const [good, ended] = [await certificate(dir, 'good', 'localhost'), await endedCertificate(dir, 'ended', 'localhost')];
  const inUse = { key: join(dir, 'key.pem'), cert: join(dir, 'chain.pem') };
  const take = (from) => [['key', from.key], ['cert', from.cert]].forEach(([to, file]) => copyFileSync(file, inUse[to]));
  take(good);
  const server = new Server(t, { args: ['--tls-cert', inUse.cert, '--tls-key', inUse.key], scheme: 'https' });
  await server.start();
  take(ended);
  process.kill(server.pid, 'SIGHUP');
  await until('the one in use stays', () => /ERROR.*certificate in use stays.*has ended/.test(server.log));
  take(good);
  process.kill(server.pid, 'SIGHUP');
  await until('the next is taken', () => /INFO.*rung and certificate follow it/.test(server.log));
});

test('where the key of all links is missing beside events nobody makes another, and root makes no files in the folder of somebody else', async (t) => {
  const server = new Server(t);
  await server.create({ slug: 'one' });
  const key = join(server.data, 'secret.key');
  rmSync(key);
  const list = ['event', 'list', '--data', server.data];
  for (const args of [list, ['serve', '--data', server.data, '--listen', `127.0.0.1:${await freePort()}`]]) refused(await stentor(args), ['secret.key is missing', 'backup'], args[0]);
  const check = await stentor(['check', '--data', server.data, '--listen', `127.0.0.1:${server.port}`]);
  assert.match(check.stdout, /BAD.*secret\.key is missing/);
  assert.ok(!existsSync(key));
  if (process.getuid() !== 0) return;
  const others = folder(t);
  chownSync(others, 65_534, 65_534);
  for (const args of [['event', 'create', '--title', 'T'], ['serve', '--listen', `127.0.0.1:${await freePort()}`]]) {
    refused(await stentor([...args, '--data', others]), [others, '65534', 'sudo -u'], `${args[0]} as root`);
  }
  assert.deepEqual(readdirSync(others), []);
});

test('a log for programs is one JSON object a line', async (t) => {
  const server = new Server(t, { args: ['--demo', '--log-format', 'json'] });
  await server.start();
  await server.stop();
  const lines = server.log.split('\n').filter((line) => line.startsWith('{'));
  assert.ok(lines.length > 3, server.log);
  for (const line of lines) {
    const { timestamp, level, message } = JSON.parse(line);
    assert.ok(timestamp && level && message, line);
    assert.doesNotMatch(line, /#t=/);
  }
});

test('the log tells an evening: on air, who was there by seat, the end with who listened at most', async (t) => {
  const server = new Server(t, { args: ['--demo', '--log-format', 'json'] });
  await server.start();
  const lines = () => server.log.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const told = (message) => lines().find((line) => line.message === message && line.event === 'demo');
  await until('opened', () => told('opened'));
  await until('on air', () => told('on air'));
  await until('recorded', () => told('the recording begins'));
  await until('somebody connected', () => told('connected')?.seat >= 1);
  const host = await Line.open(t, server, server.links.host);
  host.say({ do: 'act', act: 'end', version: host.state.version });
  await until('ended', () => told('ended'));
  assert.ok(told('ended').on_air_s >= 0 && told('ended').listeners_max >= 0);
  host.close();
  for (const line of lines()) assert.doesNotMatch(JSON.stringify(line), /Ada|#t=/, 'nobody is named');
});

test('an event is made, shown, changed, ended and taken away, beside a server and without one', async (t) => {
  const server = new Server(t);
  await server.ports();
  const event = async (...args) => {
    const ran = await stentor(['event', ...args, '--json', '--data', server.data, '--public-url', server.url], { TZ: 'Europe/Paris' });
    assert.equal(ran.code, 0, `${args}: ${ran.stderr}`);
    return JSON.parse(ran.stdout);
  };
  const year = new Date().getUTCFullYear() + 1;
  for (const running of [false, true]) {
    if (running) await server.start();
    const slug = running ? 'with' : 'without';
    const made = await event('create', '--title', 'Talk', '--slug', slug, '--starts', `${year}-12-01T20:00`);
    assert.equal(made.starts, `${year}-12-01T19:00:00Z`);
    assert.deepEqual([made.phase, made.links_work, made.recorded], ['announced', true, true]);
    const edited = await event('edit', slug, '--title', 'Late talk', '--starts', `${year}-12-01T21:30+00:00`);
    assert.deepEqual([edited.title, edited.starts], ['Late talk', `${year}-12-01T21:30:00Z`]);
    const renewed = await event('links', slug, '--renew');
    assert.notEqual(renewed.links.host, made.links.host);
    assert.equal((await event('show', slug)).links.host, renewed.links.host);
    assert.equal((await event('end', slug)).phase, 'ended');
    assert.ok((await event('list')).some((one) => one.slug === slug && one.phase === 'ended' && one.links_end));
    refused(await stentor(['event', 'delete', slug, '--data', server.data]), ['--yes'], 'nobody can be asked');
    refused(await stentor(['event', 'edit', slug, '--starts', 'tomorrow 20:00', '--data', server.data]), ['is over'], 'changed after the end');
    await event('delete', slug, '--yes');
    assert.ok(!(await event('list')).some((one) => one.slug === slug));
  }
  refused(await stentor(['event', 'show', 'nobody', '--data', server.data]), ['nobody'], 'no such event');
  for (const [time, ...words] of [['soon', 'tomorrow 20:00'], ['01/12/2026 20:00', 'two ways'], ['20:00 Europe/Pariss', 'Europe/Pariss']]) {
    const ran = await stentor(['event', 'create', '--title', 'T', '--data', server.data, '--starts', time]);
    assert.equal(ran.code, 2);
    for (const word of words) assert.ok(ran.stderr.includes(word), ran.stderr);
  }
  const titles = ['محادثة مباشرة', '日本', 'Вечер'];
  const slugs = [];
  for (const title of titles) slugs.push((await event('create', '--title', title)).slug);
  assert.equal(new Set(slugs).size, titles.length, `${slugs}`);
});

test('systemd is told when the server is ready, reads its configuration, lives and leaves', async (t) => {
  const socket = join(folder(t), 'notify');
  const listen = 'import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint("bound",flush=True)\nwhile True: print(s.recv(4096).decode().replace("\\n"," "),flush=True)';
  const manager = spawn(existsSync(PYTHON) ? PYTHON : 'python3', ['-c', listen, socket]);
  t.after(() => manager.kill());
  let told = '';
  manager.stdout.on('data', (bytes) => (told += bytes));
  await until('the manager listens', () => told.includes('bound'));
  const server = new Server(t, { command: ['env', `NOTIFY_SOCKET=${socket}`, 'WATCHDOG_USEC=400000'] });
  await server.start();
  await until('ready', () => /READY=1 STATUS=/.test(told));
  await until('alive, again and again', () => (told.match(/WATCHDOG=1/g) ?? []).length >= 3);
  process.kill(server.pid, 'SIGHUP');
  await until('reloading', () => /RELOADING=1 MONOTONIC_USEC=\d+[^]*READY=1/.test(told.slice(told.indexOf('WATCHDOG'))));
  await server.stop();
  await until('stopping', () => /STOPPING=1/.test(told));
});

test('the unit is one that systemd takes, and closes what it can', async (t) => {
  const unit = join(ROOT, 'packaging/systemd/stentor.service');
  const dir = folder(t);
  const copy = join(dir, 'stentor.service');
  writeFileSync(copy, readFileSync(unit, 'utf8').replaceAll('/usr/bin/stentor', BINARY).replace(/^Documentation=.*\n/m, ''));
  const verified = await run('systemd-analyze', ['verify', copy]).catch((error) => ({ error }));
  if (verified.error?.code === 'ENOENT') return cannotRun(t, 'there is no systemd-analyze');
  assert.equal(verified.stderr.trim(), '', verified.stderr);
  assert.equal(verified.code, 0);
  const rated = await run('systemd-analyze', ['security', '--offline=true', '--threshold=25', copy]);
  assert.equal(rated.code, 0, rated.stdout.split('\n').at(-2));
});

test('a full disk is known to whoever asks for health, and told before', async (context) => {
  // The disk goes before the folder it is in.
  const t = shared();
  context.after(t.release);
  const data = folder(t);
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', data]);
  if (mounted.code !== 0) return cannotRun(context, `only root can mount a small disk: ${mounted.stderr.trim()}`);
  t.after(() => run('umount', ['-l', data]));
  const server = new Server(t, { data });
  await server.start();
  const ready = async () => {
    const response = await fetch(`${server.url}/healthz/ready`);
    return `${response.status} ${await response.text()}`;
  };
  assert.match(await ready(), /^200 ready\n/);
  const fill = (name, left) => {
    for (let at = 0; ; at++) {
      const free = Number(readFree(data));
      if (free <= left) return;
      writeFileSync(join(data, `${name}-${at}`), Buffer.alloc(Math.max(PAGE_BYTES, Math.min(free - left, 64 * 1024))));
    }
  };
  fill('little', 300 * 1024);
  await until('little room is told', async () => /^200 ready, but .*little room/.test(await ready()));
  // The log is written beside what is answered.
  await until('the log says so, too', () => /little room/.test(server.log));
  fill('full', 16 * 1024);
  await until('a full disk is told', async () => /^503 not ready: the disk is full/.test(await ready()));
  const list = await stentor(['event', 'list', '--data', data]);
  assert.doesNotMatch(list.stderr, /os error|I\/O/);
});

/** Bytes that still fit, as `stat -f` says. */
function readFree(dir) {
  const { status, stdout } = spawnSync('stat', ['-f', '-c', '%a %S', dir], { encoding: 'utf8' });
  assert.equal(status, 0);
  const [blocks, size] = stdout.trim().split(' ').map(Number);
  return blocks * size;
}

test('a key that others of the machine may read is closed, and said', async (t) => {
  const server = new Server(t);
  await server.create({ slug: 'one' });
  const key = join(server.data, 'secret.key');
  chmodSync(key, 0o644);
  await server.start();
  const { stdout } = await run('stat', ['-c', '%a', key]);
  assert.equal(stdout.trim(), '600');
  assert.match(server.log, /secret\.key/);
});
