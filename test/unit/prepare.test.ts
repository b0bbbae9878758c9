// The script before `npm start` and `npm test`, run in a small project of its own with a stand-in for npm and for the compiler.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPTS = join(ROOT, 'scripts');

// Writes what it was called with, installs a compiler that copies nothing but names, and takes a moment: long enough to be overtaken.
const NPM = `
const fs = require('node:fs');
fs.appendFileSync('calls', 'npm ' + process.argv.slice(2).join(' ') + ' ' + JSON.stringify(process.env) + '\\n');
if (fs.existsSync('npm-fails')) process.exit(7);
setTimeout(() => {
  fs.mkdirSync('node_modules/typescript/bin', { recursive: true });
  fs.copyFileSync('compiler.cjs', 'node_modules/typescript/bin/tsc');
}, 300);
`;
const COMPILER = `
const fs = require('node:fs');
fs.appendFileSync('calls', 'tsc ' + process.argv.slice(2).join(' ') + '\\n');
if (fs.existsSync('tsc-fails')) process.exit(2);
fs.mkdirSync('dist', { recursive: true });
for (const name of fs.readdirSync('src')) fs.writeFileSync('dist/' + name.replace(/ts$/, 'js'), '');
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'latchkey-prepare-'));
  mkdirSync(join(root, 'src'));
  mkdirSync(join(root, 'scripts'));
  for (const name of ['prepare.mjs', 'prepare-lock.mjs']) {
    cpSync(join(SCRIPTS, name), join(root, 'scripts', name));
  }
  write('npm-cli.js', NPM);
  write('compiler.cjs', COMPILER);
  write(
    'package-lock.json',
    JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0' } } }),
  );
  write('tsconfig.json', '{}');
  write('tsconfig.build.json', '{}');
  write('src/main.ts', '');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

function calls(): string[] {
  if (!existsSync(join(root, 'calls'))) return [];
  const lines = readFileSync(join(root, 'calls'), 'utf8').trim().split('\n');
  return lines.map((line) => line.replace(/ \{.*$/, ''));
}

// As the script describes a process: empty where there is no /proc.
function startTimeOfThisProcess(): string {
  if (!existsSync('/proc/self/stat')) return '';
  const stat = readFileSync('/proc/self/stat', 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function prepare(env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [join(root, 'scripts', 'prepare.mjs')], {
    env: { npm_execpath: join(root, 'npm-cli.js'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('prepare', { timeout: 30_000 }, () => {
  it('installs and builds on a fresh checkout, and reports each step in one line on standard error', async () => {
    expect(await prepare()).toEqual({
      code: 0,
      stdout: '',
      stderr: 'latchkey: installing packages (npm ci)\nlatchkey: building dist/\n',
    });
    expect(calls()).toEqual([
      'npm ci --include=dev --ignore-scripts',
      'tsc -p tsconfig.build.json',
    ]);
  });

  it('S34: runs before npm start and npm test, and npm runs no script of a package', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    // With ignore-scripts npm runs only the requested script.
    expect(readFileSync(join(ROOT, '.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true');
    expect(Object.keys(scripts).filter((name) => /^(pre|post)/.test(name))).toEqual([]);
    for (const name of ['start', 'test']) {
      expect(scripts[name]).toMatch(/^node scripts\/prepare\.mjs && exec /);
    }
  });

  it('does nothing and prints nothing the second time', async () => {
    await prepare();
    expect(await prepare()).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(calls()).toHaveLength(2);
  });

  it('installs development packages in every environment', async () => {
    await prepare({
      NODE_ENV: 'production',
      npm_config_omit: 'dev',
      NPM_CONFIG_OMIT: 'dev',
      KEPT: 'yes',
    });
    const line = readFileSync(join(root, 'calls'), 'utf8').split('\n')[0];
    expect(line).toContain('"KEPT":"yes"');
    expect(line?.toLowerCase()).not.toMatch(/node_env|npm_config_omit/);
  });

  it('installs and builds again when the lock file has changed', async () => {
    await prepare();
    write('package-lock.json', '{"packages":{"node_modules/b":{"version":"2.0.0"}}}');
    await prepare();
    expect(calls()).toHaveLength(4);
  });

  it('only builds when a source has changed', async () => {
    await prepare();
    write('src/main.ts', '// edited');
    await prepare();
    expect(calls().slice(2)).toEqual(['tsc -p tsconfig.build.json']);
  });

  it('removes the output of a deleted source from dist', async () => {
    write('src/old.ts', '');
    await prepare();
    rmSync(join(root, 'src/old.ts'));
    await prepare();
    expect([existsSync(join(root, 'dist/old.js')), existsSync(join(root, 'dist/main.js'))]).toEqual(
      [false, true],
    );
  });

  it('accepts packages that a plain npm ci has installed', async () => {
    write('node_modules/.package-lock.json', '{"packages":{"node_modules/a":{"version":"1.0.0"}}}');
    write('node_modules/typescript/bin/tsc', COMPILER);
    await prepare();
    expect(calls()).toEqual(['tsc -p tsconfig.build.json']);
  });

  it('replaces packages of another version', async () => {
    write('node_modules/.package-lock.json', '{"packages":{"node_modules/a":{"version":"0.9.0"}}}');
    await prepare();
    expect(calls()).toHaveLength(2);
  });

  it('reports a failed install in one line, and installs again the next time', async () => {
    write('npm-fails', '');
    const { code, stderr } = await prepare();
    expect([code, stderr.split('\n').at(-2)]).toEqual([
      1,
      'latchkey: npm ci failed (exit 7); see above',
    ]);
    rmSync(join(root, 'npm-fails'));
    expect((await prepare()).code).toBe(0);
  });

  it('builds again after a build that failed', async () => {
    write('tsc-fails', '');
    expect((await prepare()).stderr).toContain('latchkey: the build failed (exit 2); see above');
    rmSync(join(root, 'tsc-fails'));
    expect((await prepare()).code).toBe(0);
  });

  it('installs and builds once when three processes start at the same time', async () => {
    const outcomes = await Promise.all([prepare(), prepare(), prepare()]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(calls()).toHaveLength(2);
  });

  it('takes over the lock of a process that died', async () => {
    const ended = spawn(process.execPath, ['-e', ''], { env: {}, stdio: 'ignore' });
    await new Promise((resolve) => ended.on('exit', resolve));
    write('.latchkey/prepare.lock', `${ended.pid} 1`);
    expect((await prepare()).code).toBe(0);
  });

  it('takes over the lock of a dead process whose ID another process has now', async () => {
    write('.latchkey/prepare.lock', `${process.pid} 1`);
    expect((await prepare()).code).toBe(0);
  });

  it('waits for the lock of a running process, and prints its ID', async () => {
    write('.latchkey/prepare.lock', `${process.pid} ${startTimeOfThisProcess()}`);
    const running = prepare();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(calls()).toEqual([]);
    rmSync(join(root, '.latchkey/prepare.lock'));
    expect((await running).stderr).toContain(`waiting for process ${process.pid}`);
  });

  it('removes its lock', async () => {
    await prepare();
    expect(existsSync(join(root, '.latchkey/prepare.lock'))).toBe(false);
  });
});
