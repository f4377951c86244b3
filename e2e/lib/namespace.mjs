// A network namespace with one link to this machine, whose address the test changes: what a telephone does between two networks.

import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, run, sleep } from './tools.mjs';

const ip = async (...args) => {
  const { code, stderr } = await run('ip', args);
  if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
};

export class Namespace {
  /** Null where this machine lets nobody make one. */
  static async make(t) {
    const space = new Namespace();
    space.folder = folder(t, 'stentor-inside');
    const number = randomInt(1, 250);
    space.name = `stentor-${process.pid}`;
    space.net = `10.213.${number}`;
    /** This machine's end. */
    space.host = `${space.net}.1`;
    space.last = 1;
    try {
      await ip('netns', 'add', space.name);
      t.after(() => run('ip', ['netns', 'delete', space.name]));
      const [outside, inside] = [`st${process.pid}a`.slice(-15), `st${process.pid}b`.slice(-15)];
      space.inside = inside;
      await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside);
      await ip('link', 'set', inside, 'netns', space.name);
      await ip('address', 'add', `${space.host}/24`, 'dev', outside);
      await ip('link', 'set', outside, 'up');
      await space.ip('link', 'set', 'lo', 'up');
      await space.ip('link', 'set', inside, 'up');
      await space.address();
    } catch {
      return null;
    }
    return space;
  }

  ip(...args) {
    return ip('-n', this.name, ...args);
  }

  /** An address that it has not had. */
  async address() {
    await this.ip('address', 'add', `${this.net}.${++this.last}/24`, 'dev', this.inside);
    await this.ip('route', 'replace', 'default', 'via', this.host);
  }

  /** Another address, after so long without any. Gives when that was over, Unix ms: whoever looks finds a way while `ip` still ends. */
  async readdress(ms = 0) {
    await this.ip('address', 'flush', 'dev', this.inside);
    await sleep(ms);
    const works = Date.now();
    await this.address();
    return works;
  }

  /** A program that runs this one in here, for those who want a path and no command line. */
  wrapped(program) {
    const path = join(this.folder, 'run');
    writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${this.name} ${program} "$@"\n`, { mode: 0o755 });
    return path;
  }
}
