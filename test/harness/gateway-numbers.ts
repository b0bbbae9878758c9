// The numbers by which growth is judged, of one gateway process: what it tells at /metrics, and its file descriptors.
import { readdir } from 'node:fs/promises';
import { send } from '../support/http-client.js';

export interface GatewayNumbers {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Sockets, files and pipes; undefined where the system does not tell. */
  readonly descriptors: number | undefined;
  /** Node's active handles. */
  readonly handles: number;
  /** Node's active timeouts. */
  readonly timers: number;
  readonly waiters: number;
  readonly holds: number;
  readonly streams: number;
  readonly watchers: number;
  readonly etcdWatches: number;
  readonly cleanUps: number;
}

export async function readGatewayNumbers(baseUrl: string, pid: number): Promise<GatewayNumbers> {
  const answer = await send(baseUrl, 'GET', '/metrics');
  if (answer.status !== 200) throw new Error(`/metrics answers ${answer.status}`);
  const values = parseMetrics(answer.text);
  const valueOf = (name: string): number => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`/metrics does not tell ${name}`);
    return value;
  };
  return {
    rssBytes: valueOf('process_resident_memory_bytes'),
    heapBytes: valueOf('nodejs_heap_size_used_bytes'),
    externalBytes: valueOf('nodejs_external_memory_bytes'),
    descriptors: await countDescriptors(pid),
    handles: valueOf('nodejs_active_handles_total'),
    // Missing while there is none.
    timers: values.get('nodejs_active_resources{type="Timeout"}') ?? 0,
    waiters: valueOf('latchkey_lock_waiters'),
    holds: valueOf('latchkey_lock_holds'),
    streams: valueOf('latchkey_streams'),
    watchers: valueOf('latchkey_watchers'),
    etcdWatches: valueOf('latchkey_etcd_watches'),
    cleanUps: valueOf('latchkey_clean_ups'),
  };
}

/** Of a process of this system; undefined where there is no /proc. */
export async function countDescriptors(pid: number): Promise<number | undefined> {
  return readdir(`/proc/${pid}/fd`).then(
    (names) => names.length,
    () => undefined,
  );
}

/** Name with labels, as it stands there -> value. */
function parseMetrics(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}
