// The metrics of one gateway process that must not grow: values of /metrics, and its file descriptors.
import { readdir } from 'node:fs/promises';
import { send } from '../support/http-client.js';

export interface GatewayMetrics {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Sockets, files and pipes; undefined on systems without /proc. */
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

export async function readGatewayMetrics(baseUrl: string, pid: number): Promise<GatewayMetrics> {
  const response = await send(baseUrl, 'GET', '/metrics');
  if (response.status !== 200) throw new Error(`/metrics returned ${response.status}`);
  const values = parseMetrics(response.text);
  const valueOf = (name: string): number => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`/metrics has no ${name}`);
    return value;
  };
  return {
    rssBytes: valueOf('process_resident_memory_bytes'),
    heapBytes: valueOf('nodejs_heap_size_used_bytes'),
    externalBytes: valueOf('nodejs_external_memory_bytes'),
    descriptors: await countDescriptors(pid),
    handles: valueOf('nodejs_active_handles_total'),
    // Absent when there is no timeout.
    timers: values.get('nodejs_active_resources{type="Timeout"}') ?? 0,
    waiters: valueOf('latchkey_lock_waiters'),
    holds: valueOf('latchkey_lock_holds'),
    streams: valueOf('latchkey_streams'),
    watchers: valueOf('latchkey_watchers'),
    etcdWatches: valueOf('latchkey_etcd_watches'),
    cleanUps: valueOf('latchkey_clean_ups'),
  };
}

/** Counts the descriptors of a local process; undefined on systems without /proc. */
export async function countDescriptors(pid: number): Promise<number | undefined> {
  return readdir(`/proc/${pid}/fd`).then(
    (names) => names.length,
    () => undefined,
  );
}

/** Name with labels, as in the text -> value. */
function parseMetrics(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}
