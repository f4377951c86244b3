// The server is killed at every step of an evening: what it finds when it comes back is what listeners were told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetch } from '../lib/http.mjs';
import { Server, tokenOf } from '../lib/server.mjs';
import { until } from '../lib/tools.mjs';

const MINUTE_MS = 60_000;

test('whatever is answered or shown is what a server finds that was killed right then', async (t) => {
  const server = new Server(t);
  const slug = 'killed';
  const starts = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS + 10 * MINUTE_MS;
  const { host } = await server.create({ slug, starts: starts / 1000, more: ['--draft'] });
  await server.start();
  const headers = { authorization: `Bearer ${tokenOf(host)}`, 'content-type': 'application/json' };
  const api = (what) => `${server.url}/api/v1/events/${slug}/${what}`;
  const stands = async () => (await fetch(api('schedule'), { headers })).json();
  /** What strangers see of it; an event that is a draft they do not. */
  const seen = async () => {
    const answer = await fetch(server.path(slug, '/status.json'));
    if (answer.status !== 200) return null;
    const { phase, starts, since, was, open, why, until, title } = await answer.json();
    return { phase, starts, since, was, open, why, until, title };
  };
  const why = { en: 'The train is late', fr: 'Le train est en retard' };
  let { version } = await stands();
  for (const act of [
    { act: 'announce' },
    { act: 'correct', title: 'Of trains', about: { en: 'Late ones' } },
    { act: 'postpone', start: { at: starts + 10 * MINUTE_MS, zone: 'Europe/Paris' }, why },
    { act: 'open_doors' },
    { act: 'go_on_air' },
    { act: 'chapter', title: 'The station' },
    { act: 'hold', until: starts + 20 * MINUTE_MS, why },
    { act: 'resume' },
    { act: 'end' },
    { act: 'offer_replay', on: false },
  ]) {
    const answer = await fetch(api('acts'), { method: 'POST', headers, body: JSON.stringify({ ...act, version }) });
    const told = await answer.json();
    assert.equal(answer.status, 200, `${act.act}: ${JSON.stringify(told)}`);
    await until(`${act.act} is seen`, async () => (await seen())?.phase === told.phase);
    const before = await seen();
    await server.kill9();
    await server.start();
    await until(`${act.act}: it is open again`, async () => (await fetch(api('schedule'), { headers })).status === 200);
    const after = await stands();
    assert.deepEqual(after, told, `${act.act}: how it stands`);
    assert.deepEqual(await seen(), before, `${act.act}: what is seen`);
    version = after.version;
  }
});
