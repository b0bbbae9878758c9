// etcd's own mutex, concurrency.Mutex of its Go client, as a process of its own: test/interop/go, built where there is a Go.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { onPath, runCommand } from '../../src/embedded/command.js';
import { makeFolder } from '../../src/embedded/folder.js';
import { cacheDirs, testPath, writableCacheDir } from './etcd-versions.js';

const SOURCES = fileURLToPath(new URL('../interop/go', import.meta.url));
const SOURCE_FILES = ['main.go', 'go.mod', 'go.sum'];
/** With an empty module cache the build downloads and compiles gRPC. */
const BUILD_LIMIT_MS = 180_000;
const LINE_LIMIT_MS = 20_000;
/** The module proxy settings of this machine. */
const GO_SETTINGS = ['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** Returns the built program, or the reason why there is none. It stays in the cache until its sources change. */
export async function buildGoMutex(): Promise<{ file: string } | { reason: string }> {
  const name = await nameInCache();
  for (const folder of cacheDirs()) {
    if (await isThere(join(folder, name), constants.X_OK)) return { file: join(folder, name) };
  }
  const go = await onPath('go', testPath());
  if (go === undefined) return { reason: 'there is no go on the PATH' };
  const cacheDir = await writableCacheDir();
  await makeFolder(cacheDir);
  const work = await mkdtemp(join(cacheDir, '.go-'));
  try {
    console.error('building test/interop/go with the Go that is here');
    const built = join(work, 'mutex');
    const result = await runGo(go, built, work);
    if (result.kind === 'failed') return { reason: `go build: ${result.reason}` };
    await rename(built, join(cacheDir, name));
    return { file: join(cacheDir, name) };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runGo(go: string, built: string, work: string): ReturnType<typeof runCommand> {
  const { HOME = '/nonexistent' } = process.env;
  const isHomeUsable = await isThere(HOME, constants.W_OK);
  const settings = Object.fromEntries(
    GO_SETTINGS.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const env = {
    ...settings,
    PATH: testPath(),
    HOME: isHomeUsable ? HOME : work,
    // No other Go toolchain is fetched, and the module cache stays removable.
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-mod=readonly -modcacherw',
    CGO_ENABLED: '0',
  };
  // Without optimization the program compiles in half the time.
  const args = ['build', '-gcflags=all=-N -l', '-ldflags=-s -w', '-o', built, '.'];
  const nice = await onPath('nice', testPath());
  const command = nice === undefined ? { file: go, args } : { file: nice, args: [go, ...args] };
  return runCommand(command.file, command.args, { env, cwd: SOURCES, timeoutMs: BUILD_LIMIT_MS });
}

async function nameInCache(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of SOURCE_FILES) hash.update(await readFile(join(SOURCES, file)));
  return `go-mutex-${hash.digest('hex').slice(0, 16)}-${process.platform}-${process.arch}`;
}

async function isThere(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}

export interface GoMutex {
  /** Returns the next line of its output. */
  line(): Promise<string>;
  /** Closes its standard input, so it unlocks. Resolves with the exit status. */
  release(): Promise<number | null>;
}

/** Starts the program. It is killed at the end of the test if it still runs. */
export function startGoMutex(file: string, endpoint: string, name: string): GoMutex {
  const child = spawn(file, [new URL(endpoint).host, name], {
    cwd: tmpdir(),
    env: {},
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return {
    async line() {
      const deadline = Date.now() + LINE_LIMIT_MS;
      while (!text.includes('\n')) {
        if (Date.now() > deadline || child.exitCode !== null) throw new Error('it prints nothing');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const end = text.indexOf('\n');
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      return line;
    },
    release() {
      child.stdin.end();
      return ended;
    },
  };
}
