// All that speaks to etcd, wired once: the endpoints, the connections to them, who calls are made as, and the two clients on top.
import type { Config } from './config.js';
import { Access } from './etcd/auth/access.js';
import { createAuthenticate } from './etcd/auth/authenticate.js';
import type { CallMeter } from './etcd/call-meter.js';
import { createEtcdClient } from './etcd/client.js';
import type { EtcdClient } from './etcd/client.js';
import { EndpointPool } from './etcd/endpoints.js';
import { createTransport } from './etcd/transport.js';
import { createWatchClient } from './etcd/watch-client.js';
import type { WatchClient } from './etcd/watch-client.js';
import type { Log } from './log.js';

/** Connections to each etcd endpoint; further calls wait for one. */
const SOCKETS_MAX = 256;
const IDLE_SOCKETS_MAX = 64;
/** The largest answer of etcd that is read into memory: one chunk of a list, at most 32 values of 1.5 MiB in base64. */
const ANSWER_BYTES_MAX = 96 * 1024 * 1024;

export interface Upstream {
  readonly pool: EndpointPool;
  readonly etcd: EtcdClient;
  readonly watches: WatchClient;
  close(): void;
}

export interface UpstreamDeps {
  readonly config: Config;
  /** URLs. */
  readonly endpoints: readonly string[];
  readonly meter: CallMeter;
  readonly log: Log;
}

export function createUpstream({ config, endpoints, meter, log }: UpstreamDeps): Upstream {
  const pool = new EndpointPool(endpoints);
  const transport = createTransport({
    connectTimeoutMs: config.limits.connectTimeoutMs,
    socketsMax: SOCKETS_MAX,
    idleSocketsMax: IDLE_SOCKETS_MAX,
    answerBytesMax: ANSWER_BYTES_MAX,
  });
  const access = new Access({ authenticate: createAuthenticate(transport) });
  const etcd = createEtcdClient({
    pool,
    transport,
    access,
    meter,
    onUnrecognised: (message, rpc) =>
      log.warn({ path: rpc.path, message }, 'an error of etcd that no table knows'),
  });
  const watches = createWatchClient({ pool, transport, access, meter });
  const close = (): void => {
    watches.close();
    transport.close();
  };
  return { pool, etcd, watches, close };
}
