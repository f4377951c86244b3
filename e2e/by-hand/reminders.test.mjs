// Reminders by mail, from the form to the mailbox: asked for, confirmed by the link in the mail, told of a new time, stopped with one click, and
// nowhere any more after the end. The mail server is another program's (PyPI aiosmtpd).

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fetch } from '../lib/http.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { BINARY, Server, env, freePort } from '../lib/server.mjs';
import { folder, run, until } from '../lib/tools.mjs';

const TITLE = 'L’été, « enfin » !';
const ADA = 'ada.lovelace@example.org';
const BOB = 'bob@example.org';

/** A server with an event, which hands its mail to a mailbox. */
async function scene(t, starts) {
  const mailbox = await new Mailbox(t).start();
  const config = join(folder(t), 'stentor.toml');
  writeFileSync(config, `smtp = "smtp://127.0.0.1:${mailbox.port}"\nmail_from = "Talks <noreply@example.org>"\n`);
  const server = new Server(t, { args: ['--config', config, '--log', 'trace'] });
  await server.create({ slug: 'talk', title: TITLE, starts });
  await server.start();
  return { server, mailbox, config };
}

const ask = (server, address, lang, more = {}) =>
  fetch(`${server.url}/api/v1/events/talk/reminders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...more },
    body: JSON.stringify({ address, lang }),
  });

const stentor = async (server, ...args) => {
  const ran = await run(BINARY, [...args, '--data', server.data], { env: env() });
  assert.equal(ran.code, 0, ran.stderr);
};

const linkIn = (mail, act) => mail.text.match(new RegExp(`http://\\S+/r/[0-9a-f]{64}/${act}`))[0];

/** The files of the store in which a text lies. */
function filesWith(data, text) {
  const names = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return names.map((entry) => join(entry.parentPath, entry.name)).filter((file) => readFileSync(file).includes(text));
}

test('a reminder is asked for, confirmed, moved with the event, and its address is gone after the end', async (t) => {
  const { server, mailbox } = await scene(t, 'in 10 minutes');
  const first = await ask(server, ADA, 'fr');
  assert.equal(first.status, 202);
  const again = await ask(server, ADA, 'fr');
  assert.deepEqual([again.status, await again.text()], [202, await first.text()], 'whether an address is known is nobody’s business');

  const confirm = await mailbox.next('a mail asks for confirmation');
  assert.deepEqual([confirm.from, confirm.to, confirm.defects], ['noreply@example.org', [ADA], []]);
  assert.ok(confirm.fields.subject.includes(TITLE), confirm.fields.subject);
  assert.equal(confirm.fields['auto-submitted'], 'auto-generated');
  assert.equal(confirm.fields['list-unsubscribe-post'], 'List-Unsubscribe=One-Click');
  assert.match(confirm.fields['message-id'], /^<[0-9a-f]{32}\.confirm@example\.org>$/);
  assert.ok(Math.abs(Date.parse(confirm.fields.date) - Date.now()) < 60_000, confirm.fields.date);

  // A scanner of mail follows every link.
  for (const act of ['confirm', 'stop']) {
    const page = await fetch(linkIn(confirm, act), { headers: { accept: 'text/html' } });
    assert.equal(page.status, 200);
    const text = await page.text();
    assert.ok(text.includes('lang="fr"') && text.includes('<form method="post">'), text);
    assert.ok(text.includes('L’été, « enfin » !'), text);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.match(page.headers.get('content-security-policy'), /default-src 'none';.*form-action 'self'/);
    assert.equal(page.headers.get('set-cookie'), null);
  }
  assert.equal(mailbox.mails.length, 1, 'nothing was confirmed by looking');
  const confirmed = await fetch(linkIn(confirm, 'confirm'), { method: 'POST' });
  assert.equal(confirmed.status, 200);
  assert.match(await confirmed.text(), /Vous recevrez un rappel/);

  const soon = await mailbox.next('the reminder comes: it begins in ten minutes');
  assert.ok(soon.fields.subject.startsWith('Bientôt'), soon.fields.subject);
  assert.ok(soon.text.includes(`${server.url}/e/talk`) && soon.text.includes(' UTC'), soon.text);

  assert.equal((await ask(server, BOB, 'en')).status, 202);
  const bob = await mailbox.next('another person is asked');
  await fetch(linkIn(bob, 'confirm'), { method: 'POST' });
  await mailbox.next('and reminded');

  await stentor(server, 'event', 'edit', 'talk', '--starts', 'in 20 hours');
  const moved = [await mailbox.next('both are told of the new time'), await mailbox.next('the second of them')];
  assert.deepEqual(moved.map((mail) => mail.to[0]).sort(), [ADA, BOB].sort());
  assert.ok(moved.some((mail) => mail.fields.subject.startsWith('Nouvel horaire')));

  // As a mailbox does it by itself (RFC 8058): no page, no cookie.
  const [, stop] = bob.fields['list-unsubscribe'].match(/^<(.*)>$/);
  const stopped = await fetch(stop, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'List-Unsubscribe=One-Click',
  });
  assert.equal(stopped.status, 200);
  assert.deepEqual(filesWith(server.data, BOB), [], 'deleted when it is said');
  assert.equal((await fetch(stop, { method: 'POST' })).status, 200, 'and once more is as good');
  assert.notEqual(filesWith(server.data, ADA).length, 0, 'the test looks where addresses lie');

  await server.kill9();
  await server.start();
  await stentor(server, 'event', 'edit', 'talk', '--starts', 'in 21 hours');
  const after = await mailbox.next('who was not stopped is told after a restart, too');
  assert.deepEqual(after.to, [ADA]);

  await stentor(server, 'event', 'end', 'talk', '--yes');
  await until('the address is deleted', () => filesWith(server.data, ADA).length === 0);
  assert.equal((await ask(server, ADA, 'fr')).status, 409, 'there is nothing to be reminded of');
  assert.equal((await fetch(linkIn(confirm, 'confirm'))).status, 404);
  assert.equal(mailbox.mails.length, mailbox.seen, 'nothing more was sent');
  assert.ok(!server.log.includes('lovelace') && !server.log.includes('bob@'), 'no log has an address');
});

test('what cannot be asked for is one clear sentence, and no link of anybody else opens anything', async (t) => {
  const { server, mailbox, config } = await scene(t, 'in 2 days');
  const post = (body, type = 'application/json', slug = 'talk') =>
    fetch(`${server.url}/api/v1/events/${slug}/reminders`, { method: 'POST', headers: { 'content-type': type }, body });
  for (const [body, type, slug, status] of [
    ['{"address":"ada"}', 'application/json', 'talk', 400],
    ['{"address":"ada@example.org\\r\\nBcc: eve@example.org"}', 'application/json', 'talk', 400],
    ['{"address":', 'application/json', 'talk', 400],
    ['ada@example.org', 'text/plain', 'talk', 415],
    [`{"address":"${'a'.repeat(2_000)}@example.org"}`, 'application/json', 'talk', 413],
    ['{"address":"ada@example.org"}', 'application/json', 'nobody', 404],
  ]) {
    const answer = await post(body, type, slug);
    assert.equal(answer.status, status, body.slice(0, 80));
    assert.match((await answer.json()).detail, /^[A-Z].*\.$/);
  }
  const form = await post('address=ada%40example.org&lang=de', 'application/x-www-form-urlencoded');
  assert.equal(form.status, 202);
  assert.match((await mailbox.next('a form is as good')).fields.subject, /^Bitte bestätigen/);
  for (const path of [`/r/${'0'.repeat(64)}/confirm`, `/r/${'0'.repeat(64)}/stop`, '/r/x/stop', '/r/x/y']) {
    for (const method of ['GET', 'POST']) assert.equal((await fetch(server.url + path, { method })).status, 404, `${method} ${path}`);
  }
  const checked = await run(BINARY, ['check', '--config', config, '--data', server.data], { env: env() });
  assert.match(checked.stdout, /ok {4}mail: smtp:\/\/127\.0\.0\.1:\d+ lets us in/);
});

test('a mail server that is away is a word of the check, and no reason to keep anybody from listening', async (t) => {
  const config = join(folder(t), 'stentor.toml');
  writeFileSync(config, `smtp = "smtp://ada:troy-horse@127.0.0.1:${await freePort()}"\nmail_from = "noreply@example.org"\n`);
  const server = new Server(t, { args: ['--config', config] });
  await server.create({ slug: 'talk', starts: 'in 2 days' });
  await server.start();
  assert.equal((await ask(server, ADA, 'en')).status, 202);
  await until('the log says so', () => server.log.includes('the mail server cannot be used'));
  assert.equal((await fetch(server.path('talk'))).status, 200);
  const checked = await run(BINARY, ['check', '--config', config, '--data', server.data], { env: env() });
  assert.match(checked.stdout, /warn {2}mail: .*takes no mail from us: no connection/);
  assert.ok(!`${checked.stdout}${checked.stderr}${server.log}`.includes('troy-horse'), 'no password anywhere');
  assert.ok(!server.log.includes('lovelace'), server.log);
});
