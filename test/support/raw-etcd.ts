// Direct access of tests to etcd, without the gateway: keys, leases, revisions, compactions. Uses etcd's own JSON.
import { send } from './http-client.js';

export interface RawKey {
  readonly key: string;
  readonly value: string;
  /** 16 hex digits; undefined for none. */
  readonly lease: string | undefined;
  readonly createRevision: number;
  readonly modRevision: number;
}

export class RawEtcd {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** The keys that begin with `prefix`, oldest first. */
  async keys(prefix: string): Promise<RawKey[]> {
    const key = Buffer.from(prefix);
    const end = Buffer.from(key);
    end[end.length - 1]! += 1;
    const range = { key: key.toString('base64'), range_end: end.toString('base64') };
    const { kvs = [] } = await this.call('/v3/kv/range', { ...range, sort_target: 'CREATE' });
    return (kvs as Record<string, string>[]).map((kv) => ({
      key: Buffer.from(kv.key ?? '', 'base64').toString(),
      value: Buffer.from(kv.value ?? '', 'base64').toString(),
      lease: kv.lease === undefined || kv.lease === '0' ? undefined : toHex(kv.lease),
      createRevision: Number(kv.create_revision),
      modRevision: Number(kv.mod_revision),
    }));
  }

  /** The entries of a lock whose name needs no encoding. */
  entries(lock: string): Promise<RawKey[]> {
    return this.keys(`locks/${lock}/`);
  }

  async revision(): Promise<number> {
    const { header } = await this.call('/v3/kv/range', { key: base64('nothing') });
    return Number(header.revision);
  }

  async put(key: string, value = ''): Promise<void> {
    await this.call('/v3/kv/put', { key: base64(key), value: base64(value) });
  }

  async deleteKey(key: string): Promise<void> {
    await this.call('/v3/kv/deleterange', { key: base64(key) });
  }

  async compact(revision: number): Promise<void> {
    await this.call('/v3/kv/compaction', { revision });
  }

  /** Grants a lease of a client, whose ID the gateway does not recognize as its own. */
  async grant(ttlSeconds: number): Promise<string> {
    return toHex((await this.call('/v3/lease/grant', { TTL: ttlSeconds })).ID);
  }

  async revoke(lease: string): Promise<void> {
    await this.call('/v3/lease/revoke', { ID: toDecimal(lease) });
  }

  /** Returns the remaining seconds of the lease; undefined if it does not exist. */
  async secondsLeft(lease: string): Promise<number | undefined> {
    const { TTL } = await this.call('/v3/lease/timetolive', { ID: toDecimal(lease) });
    return Number(TTL) < 0 ? undefined : Number(TTL ?? 0);
  }

  async call(path: string, body: object): Promise<any> {
    return (await send(this.#endpoint, 'POST', path, { body: JSON.stringify(body) })).json();
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function toHex(decimal: string): string {
  return BigInt.asUintN(64, BigInt(decimal)).toString(16).padStart(16, '0');
}

function toDecimal(hex: string): string {
  return BigInt.asIntN(64, BigInt(`0x${hex}`)).toString();
}
