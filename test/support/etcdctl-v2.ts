// Runs etcdctl in v2 mode with one endpoint. Returns its output and the requests that it sent.
import { spawn } from 'node:child_process';
import { testPath } from './etcd-versions.js';
import { eventually } from './raw-router-server.js';

const COMMAND_LIMIT_MS = 30_000;
const LINE_LIMIT_MS = 20_000;

export interface V2Command {
  readonly status: number | null;
  readonly stdout: string;
  /** Without the lines of `--debug`. */
  readonly stderr: string;
  /** The requests in its debug output, in order: `GET http://127.0.0.1:1/v2/members`. */
  readonly requests: readonly string[];
}

const REQUEST = /^cURL Command: curl -X (\w+) (\S+)/;
const DEBUG = /^(?:cURL Command:|start to sync|got endpoints|Cluster-Endpoints:)/;

export class EtcdctlV2 {
  readonly #file: string;
  readonly #endpoint: string;

  constructor(file: string, endpoint: string) {
    this.#file = file;
    this.#endpoint = endpoint;
  }

  async run(...args: string[]): Promise<V2Command> {
    return this.#follow(args).ended;
  }

  /** Stops a command that does not exit when it has printed that many lines. */
  async lines(count: number, ...args: string[]): Promise<V2Command> {
    const running = this.#follow(args);
    const isPrinted = (): boolean => running.stdout().split('\n').length > count;
    try {
      await eventually(isPrinted, LINE_LIMIT_MS);
    } finally {
      running.stop();
    }
    return running.ended;
  }

  #follow(args: readonly string[]) {
    const child = spawn(this.#file, ['--debug', '--endpoints', this.#endpoint, ...args], {
      env: { ETCDCTL_API: '2', PATH: testPath() },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_LIMIT_MS,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<V2Command>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(toCommand(status, stdout, stderr)));
    });
    return {
      ended,
      stdout: () => toCommand(null, stdout, '').stdout,
      stop: () => void child.kill(),
    };
  }
}

function toCommand(status: number | null, stdout: string, stderr: string): V2Command {
  const lines = `${stderr}${stdout}`.split('\n');
  const requests = lines.flatMap((line) => {
    const [, method, url] = REQUEST.exec(line) ?? [];
    return method === undefined ? [] : [`${method} ${url}`];
  });
  return { status, stdout: withoutDebug(stdout), stderr: withoutDebug(stderr), requests };
}

function withoutDebug(text: string): string {
  return text
    .split('\n')
    .filter((line) => !DEBUG.test(line))
    .join('\n');
}
