// A mail server of a test's own (PyPI aiosmtpd), and what it has taken.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './server.mjs';
import { PYTHON, ROOT, until } from './tools.mjs';

export class Mailbox {
  constructor(t) {
    this.mails = [];
    this.ready = false;
    t.after(() => this.child?.kill());
  }

  async start() {
    this.port = await freePort();
    this.child = spawn(PYTHON, [join(ROOT, 'e2e/python/mailbox.py'), String(this.port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      if (line === 'ready') this.ready = true;
      else this.mails.push(JSON.parse(line));
    });
    await until('the mail server is ready', () => this.ready);
    return this;
  }

  /** The next mail beyond those that were seen. */
  async next(what, seconds = 60) {
    const seen = (this.seen ?? 0) + 1;
    await until(what, () => this.mails.length >= seen, { ms: seconds * 1_000 });
    this.seen = seen;
    return this.mails[seen - 1];
  }
}
