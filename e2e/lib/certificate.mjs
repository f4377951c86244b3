// A certificate as an operator has one: two files.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PYTHON, ROOT, run } from './tools.mjs';

/** Makes `name.key` and `name.pem` for that host in a folder. */
export async function certificate(folder, name, host) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-days', '90', '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
  const { code, stderr } = await run('openssl', args);
  assert.equal(code, 0, stderr);
  return { key, cert };
}

/** The same, of a certificate that has ended. */
export async function endedCertificate(folder, name, host) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const { code, stderr } = await run(PYTHON, [join(ROOT, 'e2e/python/ended_certificate.py'), host, cert, key]);
  assert.equal(code, 0, stderr);
  return { key, cert };
}
