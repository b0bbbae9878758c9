// A client of keys that records each request and its response.
import type { Exchange, Reply, RequestSpec } from '../harness/gateway-client.js';
import { RecordingUser } from '../harness/recording-user.js';
import type { CallKind, Condition, KeyCall, Seen, KeyResult } from './key-call.js';

/** Much more than the request timeout of the gateway. */
const PATIENCE_MS = 40_000;

export interface Attempt {
  readonly call: KeyCall;
  /** Resolves with the finished call. */
  readonly done: Promise<KeyCall>;
  readonly cut: () => void;
}

interface Plan extends Partial<Pick<KeyCall, 'conditions' | 'puts' | 'deletes' | 'shown'>> {
  readonly kind: CallKind;
  readonly operation: string;
  readonly send: (call: KeyCall) => Omit<RequestSpec, 'limitMs'>;
  readonly read: (call: KeyCall, reply: Reply) => KeyResult | undefined;
}

export class KeyUser extends RecordingUser<KeyCall> {
  get(replica: number, key: string, isStaleEnough = false): Attempt {
    const query = isStaleEnough ? '?consistency=serializable' : '';
    return this.#begin(replica, {
      kind: isStaleEnough ? 'stale get' : 'get',
      operation: 'getKey',
      shown: [key],
      send: () => ({ method: 'GET', path: `${pathOf(key)}${query}` }),
      read: (_call, { status, headers, text }) => {
        const revision = Number(headers['etcd-revision']);
        if (status === 404) return { kind: 'absent', revision, seen: [] };
        return { kind: 'done', revision, seen: [toSeen(JSON.parse(text))] };
      },
    });
  }

  /** `keys` are all keys that the range can contain. */
  list(replica: number, prefix: string, keys: readonly string[]): Attempt {
    return this.#begin(replica, {
      kind: 'list',
      operation: 'listKeys',
      shown: keys,
      send: () => ({ method: 'GET', path: `/v1/kv?prefix=${prefix}` }),
      read: (_call, { text }) => {
        const { revision, items } = JSON.parse(text);
        return { kind: 'done', revision, seen: items.map(toSeen) };
      },
    });
  }

  /** Writes unconditionally, only if the key does not exist (`over` 0), or only if the key is at modRevision `over`. */
  put(replica: number, key: string, over?: number): Attempt {
    return this.#begin(replica, {
      kind: over === undefined ? 'put' : over === 0 ? 'create' : 'replace',
      operation: 'putKey',
      conditions: conditionOn(key, over),
      puts: [key],
      shown: [key],
      send: ({ id }) => ({
        method: 'PUT',
        path: pathOf(key),
        body: { value: id },
        headers: headersFor(over),
      }),
      read: readWrite,
    });
  }

  delete(replica: number, key: string, over?: number): Attempt {
    return this.#begin(replica, {
      kind: over === undefined ? 'delete' : 'delete if',
      operation: 'deleteKey',
      conditions: conditionOn(key, over),
      deletes: [key],
      shown: [key],
      send: () => ({ method: 'DELETE', path: pathOf(key), headers: headersFor(over) }),
      read: readWrite,
    });
  }

  /** Writes and deletes in one transaction if the conditions are true; otherwise reads the keys of the conditions. */
  transact(
    replica: number,
    conditions: readonly Condition[],
    puts: readonly string[],
    deletes: readonly string[],
  ): Attempt {
    const shown = conditions.map(({ key }) => key);
    return this.#begin(replica, {
      kind: 'transact',
      operation: 'transact',
      conditions,
      puts,
      deletes,
      shown,
      send: ({ id }) => ({
        method: 'POST',
        path: '/v1/txn',
        body: {
          if: conditions.map(({ key, modRevision }) => ({ key, modRevision })),
          then: [
            ...puts.map((key) => ({ put: { key, value: id } })),
            ...deletes.map((key) => ({ delete: { key } })),
          ],
          else: shown.map((key) => ({ get: { key } })),
        },
      }),
      read: (_call, { text }) => {
        const { succeeded, revision, results } = JSON.parse(text);
        if (succeeded === true) return { kind: 'done', revision, seen: undefined };
        const seen = results.flatMap((result: any) => result.get.items.map(toSeen));
        return { kind: 'refused', revision, seen };
      },
    });
  }

  #begin(replica: number, plan: Plan): Attempt {
    const { kind, operation, conditions = [], puts = [], deletes = [], shown = [] } = plan;
    const call = this.record({
      id: this.nextId(),
      kind,
      replica,
      startedAt: performance.now(),
      conditions,
      puts,
      deletes,
      shown,
    });
    const exchange = this.clientOf(replica).send({ ...plan.send(call), limitMs: PATIENCE_MS });
    const done = this.#finish(call, operation, exchange, plan.read);
    return { call, done, cut: exchange.cut };
  }

  async #finish(
    call: KeyCall,
    operation: string,
    exchange: Exchange,
    read: Plan['read'],
  ): Promise<KeyCall> {
    const reply = await this.recordEnd(call, operation, exchange);
    if (reply === undefined) return call;
    call.status = reply.status;
    if (reply.status !== 200) {
      const { code, outcome } = JSON.parse(reply.text);
      call.code = code;
      if (outcome !== undefined) call.outcome = outcome;
    }
    const result = STATUSES_WITH_RESULT.includes(reply.status) ? read(call, reply) : undefined;
    if (result !== undefined) call.result = result;
    return call;
  }
}

/** Statuses of responses that state something about keys. */
const STATUSES_WITH_RESULT = [200, 404, 412];

function readWrite(call: KeyCall, { status, text }: Reply): KeyResult {
  if (status === 404) return { kind: 'absent', revision: undefined, seen: [] };
  const { revision, current } = JSON.parse(text);
  if (status === 200) return { kind: 'done', revision, seen: undefined };
  const seen = current === undefined ? [] : [toSeen(current)];
  return { kind: 'refused', revision: undefined, seen };
}

function pathOf(key: string): string {
  return `/v1/kv/${key}`;
}

function conditionOn(key: string, over: number | undefined): Condition[] {
  return over === undefined ? [] : [{ key, modRevision: over }];
}

function headersFor(over: number | undefined): Record<string, string> {
  if (over === undefined) return {};
  return over === 0 ? { 'if-none-match': '*' } : { 'if-match': `"${over}"` };
}

function toSeen({ key, value, version, createRevision, modRevision }: any): Seen {
  return { key, value, version, createRevision, modRevision };
}
