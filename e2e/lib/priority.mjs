// The threads of a program as the scheduler has them (proc_pid_stat(5)), and how to take from a program what would let it raise them.

import { readFileSync, readdirSync } from 'node:fs';

/** Stands before a command: neither limits nor the capability let it raise a thread, root or not. */
export const WITHOUT_RIGHTS = ['prlimit', '--rtprio=0:0', '--nice=0:0', ...(process.getuid() === 0 ? ['setpriv', '--bounding-set', '-sys_nice', '--inh-caps', '-sys_nice'] : [])];

/** Name, policy, real-time priority and nice value of each thread. */
export function levels(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    let stat;
    try {
      stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8');
    } catch {
      // It has ended meanwhile.
      return [];
    }
    const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(stat);
    const field = (number) => Number(rest.split(' ')[number - 3]);
    return [{ name, nice: field(19), priority: field(40), policy: field(41) }];
  });
}
