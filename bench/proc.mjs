// What a process has used, from /proc.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Processor time used so far (user and system), seconds, from /proc/PID/stat. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** TCP segments this machine has sent so far (RFC 4022 tcpOutSegs), loopback among them. */
export function segmentsSent() {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8').split('\n').filter((line) => line.startsWith('Tcp:'));
  return Number(values.split(' ')[names.split(' ').indexOf('OutSegs')]);
}

/** A line of /proc/PID/status in KiB, such as `VmRSS`. */
export const kib = (pid, name) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`${name}:\\s+(\\d+)`))[1]);

/** Memory of the machine that is not spoken for, KiB; sockets' memory is the kernel's and in no process's own figure. */
export const availableKib = () => Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))[1]);
