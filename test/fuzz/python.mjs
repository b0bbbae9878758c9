// Schemathesis in a folder of its own, where this machine has a Python 3. It is written in Python, and nothing else here is.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '4.32.5';
const CACHE = fileURLToPath(new URL('../../.latchkey/cache', import.meta.url));
const INSTALL_MS_MAX = 5 * 60_000;

/** @returns {{ program: string } | { reason: string }} */
export function findSchemathesis() {
  const folder = path.join(CACHE, `schemathesis-${VERSION}`);
  const program = path.join(folder, 'bin', 'schemathesis');
  // Written last: an installation that was broken off is begun anew.
  const complete = path.join(folder, 'complete');
  if (existsSync(complete)) return { program };
  rmSync(folder, { recursive: true, force: true });
  const python = run('python3', ['-c', 'import ensurepip, venv']);
  if (python !== undefined) return { reason: `no Python 3 with venv here (${python})` };
  const failure =
    run('python3', ['-m', 'venv', folder]) ??
    run(path.join(folder, 'bin', 'pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      `schemathesis==${VERSION}`,
    ]);
  if (failure !== undefined) {
    rmSync(folder, { recursive: true, force: true });
    return { reason: `it cannot be installed (${failure})` };
  }
  writeFileSync(complete, '');
  return { program };
}

/** Undefined when it went well, else the last line of what it said. */
function run(file, args) {
  const { status, error, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    timeout: INSTALL_MS_MAX,
  });
  if (status === 0) return undefined;
  return error?.message ?? stderr.trim().split('\n').at(-1);
}
