// Many keys at once, written at etcd itself.
import { send } from './http-client.js';

const PUTS_IN_TXN = 100;

export interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

export function pair(key: string, value: string | Buffer = ''): Pair {
  return { key: Buffer.from(key), value: Buffer.from(value) };
}

export async function putAll(etcd: string, pairs: readonly Pair[]): Promise<void> {
  for (let start = 0; start < pairs.length; start += PUTS_IN_TXN) {
    const success = pairs.slice(start, start + PUTS_IN_TXN).map(({ key, value }) => ({
      request_put: { key: key.toString('base64'), value: value.toString('base64') },
    }));
    const answer = await send(etcd, 'POST', '/v3/kv/txn', { body: JSON.stringify({ success }) });
    if (answer.status !== 200) throw new Error(answer.text);
  }
}
