// Warnings about faults of the etcd versions that the members run. Each is logged once, when the first affected member becomes usable.
import type { EndpointPool } from '../etcd/endpoints/pool.js';
import type { EndpointProber } from '../etcd/endpoints/prober.js';
import {
  FIRST_TO_CHECK_NESTED_TEXT,
  FIRST_TO_KEEP_RENEWED_LEASES_TEXT,
  checksNestedRights,
  keepsRenewedLeases,
} from '../etcd/version.js';
import type { Log } from './log.js';

export interface VersionWarningDeps {
  readonly pool: Pick<EndpointPool, 'subscribe'>;
  readonly prober: Pick<EndpointProber, 'versions'>;
  readonly log: Pick<Log, 'warn'>;
  /** Clients call etcd as users of etcd. */
  readonly hasUsers: boolean;
}

export function warnAboutVersions({ pool, prober, log, hasUsers }: VersionWarningDeps): void {
  const warnOnce = (isFixed: (version: string) => boolean, warn: Warn): void => {
    let isLogged = false;
    pool.subscribe(({ kind }) => {
      if (isLogged || kind !== 'verified') return;
      const versions = prober.versions.filter((version) => !isFixed(version));
      if (versions.length === 0) return;
      isLogged = true;
      warn(versions);
    });
  };
  warnOnce(keepsRenewedLeases, (versions) =>
    log.warn(
      { versions, fixedIn: FIRST_TO_KEEP_RENEWED_LEASES_TEXT },
      'this etcd can expire a renewed lease early after a paused leader resumes; upgrade etcd',
    ),
  );
  if (!hasUsers) return;
  warnOnce(checksNestedRights, (versions) =>
    log.warn(
      { versions, closedBy: FIRST_TO_CHECK_NESTED_TEXT },
      'through the raw v3 API, users of this etcd can access every key with nested transactions, and renew and list every lease',
    ),
  );
}

type Warn = (versions: readonly string[]) => void;
