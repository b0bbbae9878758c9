// Reads the history of a range from etcd itself, over one raw watch that shares no code with the gateway.
import http from 'node:http';

const HISTORY_LIMIT_MS = 30_000;

export interface EtcdEvent {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly value: string;
  readonly revision: number;
  /** The revision of the previous value; undefined if there was none. */
  readonly previousRevision: number | undefined;
}

/** Returns the events below `prefix` after revision `after`, up to the event of `lastKey`. */
export async function readHistory(
  endpoint: string,
  prefix: string,
  after: number,
  lastKey: string,
): Promise<EtcdEvent[]> {
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  const create = {
    key: Buffer.from(prefix).toString('base64'),
    range_end: end.toString('base64'),
    start_revision: after + 1,
    prev_kv: true,
  };
  const { hostname, port } = new URL(endpoint);
  const request = http.request({ agent: false, hostname, port, method: 'POST', path: '/v3/watch' });
  request.on('error', () => undefined);
  request.write(`${JSON.stringify({ create_request: create })}\n`);
  const limit = setTimeout(() => request.destroy(), HISTORY_LIMIT_MS);
  const events: EtcdEvent[] = [];
  try {
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.on('response', resolve);
      request.on('error', reject);
    });
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + (chunk as Buffer).toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      events.push(...lines.flatMap(parseLine));
      if (events.at(-1)?.key === lastKey) return events;
    }
    throw new Error(`etcd ended its history after ${events.length} events: ${rest}`);
  } finally {
    clearTimeout(limit);
    request.destroy();
  }
}

function parseLine(line: string): EtcdEvent[] {
  const { result } = JSON.parse(line) as { result?: { events?: any[]; canceled?: boolean } };
  if (result === undefined || result.canceled === true) throw new Error(`no history: ${line}`);
  return (result.events ?? []).map(({ type, kv, prev_kv: previous }) => ({
    kind: type === 'DELETE' ? 'delete' : 'put',
    key: fromBase64(kv.key),
    value: fromBase64(kv.value),
    revision: Number(kv.mod_revision),
    previousRevision: previous === undefined ? undefined : Number(previous.mod_revision),
  }));
}

function fromBase64(text: string | undefined): string {
  return Buffer.from(text ?? '', 'base64').toString();
}
