// For decorators of the etcd client. A decorator names every RPC: those that it changes as methods, the others in `passThrough`. So a new
// RPC does not compile until each decorator decides about it. ESLint forbids the spread of a whole client (eslint.config.js).
import type { EtcdClient } from './client.js';

/**
 * Returns the named methods of `etcd`. Spread the result last, `{ range, put, ...passThrough(etcd, [...]) }`: then an RPC that is named
 * twice does not compile either.
 */
export function passThrough<Name extends keyof EtcdClient>(
  etcd: EtcdClient,
  names: readonly Name[],
): Pick<EtcdClient, Name> {
  return Object.fromEntries(names.map((name) => [name, etcd[name]])) as Pick<EtcdClient, Name>;
}
