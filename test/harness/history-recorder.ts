// Records etcd's own history of a range of keys from the first revision. A single watch resumes at the next member when it fails or
// falls silent.
import http from 'node:http';
import { EtcdAccess, base64, textOf } from './etcd-access.js';
import type { KeyEvent } from './key-event.js';

const RECONNECT_MS = 50;
/** A watch counts as silent if it lacks an existing revision for this long. */
const SILENCE_MS_MAX = 1_500;
const CAUGHT_UP_POLL_MS = 20;

type Json = Readonly<Record<string, any>>;

export interface WatchedRange {
  readonly key: string;
  readonly rangeEnd: string;
}

export class HistoryRecorder {
  readonly events: KeyEvent[] = [];
  readonly #etcd: EtcdAccess;
  readonly #watched: WatchedRange;
  readonly #onEvent: (event: KeyEvent) => void;
  /** The revision of an empty etcd. */
  #revision = 1;
  #request: http.ClientRequest | undefined;
  #behindSince: number | undefined;
  #isStopped = false;

  constructor(
    endpoints: readonly string[],
    watched: WatchedRange,
    onEvent: (event: KeyEvent) => void,
  ) {
    this.#etcd = new EtcdAccess(endpoints);
    this.#watched = watched;
    this.#onEvent = onEvent;
    this.#watch();
  }

  /** Takes each revision that etcd definitely has. Restarts a watch that does not deliver it in time. */
  expect(revision: number): void {
    const now = performance.now();
    if (revision <= this.#revision) this.#behindSince = undefined;
    else this.#behindSince ??= now;
    if (this.#behindSince === undefined || now - this.#behindSince < SILENCE_MS_MAX) return;
    this.#behindSince = undefined;
    this.#request?.destroy();
  }

  /** Resolves when every event up to that revision was recorded. Throws at the limit. */
  async caughtUp(revision: number, limitMs: number): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (this.#revision < revision) {
      if (performance.now() > deadline)
        throw new Error(`the history ends at ${this.#revision}, etcd is at ${revision}`);
      this.expect(revision);
      await new Promise((resolve) => setTimeout(resolve, CAUGHT_UP_POLL_MS));
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#request?.destroy();
  }

  #watch(): void {
    const { hostname, port } = new URL(this.#etcd.endpoint);
    // etcd responds to an open request only with `Connection: close`.
    const request = http.request({
      agent: false,
      hostname,
      port,
      method: 'POST',
      path: '/v3/watch',
      headers: { connection: 'close', 'content-type': 'application/json' },
    });
    this.#request = request;
    let isOver = false;
    const again = (): void => {
      if (isOver) return;
      isOver = true;
      request.destroy();
      if (this.#isStopped) return;
      this.#etcd.useNextMember();
      setTimeout(() => this.#watch(), RECONNECT_MS);
    };
    request.on('error', again);
    request.on('close', again);
    request.on('response', (response) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        // The next watch repeats what an abandoned watch still sends.
        if (isOver) return;
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') this.#read(JSON.parse(line) as Json, again);
      });
      response.on('error', again);
      response.on('close', again);
    });
    const create = {
      key: base64(this.#watched.key),
      range_end: base64(this.#watched.rangeEnd),
      start_revision: this.#revision + 1,
      prev_kv: true,
    };
    request.write(`${JSON.stringify({ create_request: create })}\n`);
  }

  #read(line: Json, again: () => void): void {
    const result: Json | undefined = line.result;
    if (result === undefined || result.canceled === true) {
      again();
      return;
    }
    const events: Json[] = result.events ?? [];
    const seenAt = performance.now();
    for (const json of events) this.#note(toEvent(json, seenAt));
  }

  #note(event: KeyEvent): void {
    this.events.push(event);
    this.#revision = event.revision;
    this.#onEvent(event);
  }
}

function toEvent(json: Json, seenAt: number): KeyEvent {
  const isDelete = json.type === 'DELETE';
  const { kv, prev_kv: before = {} } = json;
  const was: Json = isDelete ? before : kv;
  return {
    kind: isDelete ? 'delete' : 'put',
    key: textOf(kv.key),
    revision: Number(kv.mod_revision),
    createRevision: Number(was.create_revision),
    version: Number(was.version),
    lease: was.lease === undefined || was.lease === '0' ? undefined : String(was.lease),
    value: textOf(was.value),
    seenAt,
  };
}
