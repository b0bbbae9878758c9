// What a user may delete while etcd's NOSPACE alarm is up. Before 3.6 etcd applies deletes, ends of leases and transactions without a put
// past its own authentication then. A put it takes from nobody while the alarm is up, so that is what the gateway asks for first.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { checksRightsUnderAlarm } from '../../../etcd/version.js';
import type { RequestOp } from '../../../etcd/wire.js';
import { checkRights } from './check-rights.js';

/** A cluster changes its version once all of its members have changed theirs. */
const VERSION_MS = 60_000;
const ANY_PUT: RequestOp = { kind: 'put', put: { key: Buffer.from('\0') } };

export type AlarmClient = Pick<EtcdClient, 'txn' | 'userRoles' | 'userList' | 'version'>;

export class AlarmRights {
  readonly #etcd: AlarmClient;
  readonly #now: () => number;
  #known: { readonly areRightsChecked: boolean; readonly at: number } | undefined;

  constructor(etcd: AlarmClient, now: () => number = () => performance.now()) {
    this.#etcd = etcd;
    this.#now = now;
  }

  /** Whether every member looks at rights under the alarm, too; false as long as etcd does not say. Never rejects. */
  async areChecked(caller: Caller): Promise<boolean> {
    const known = this.#known;
    if (known !== undefined && this.#now() - known.at < VERSION_MS) return known.areRightsChecked;
    try {
      const { etcdcluster } = await this.#etcd.version(caller);
      const areChecked = checksRightsUnderAlarm(etcdcluster);
      this.#known = { areRightsChecked: areChecked, at: this.#now() };
      return areChecked;
    } catch {
      return false;
    }
  }

  /**
   * Throws `out-of-space` for a user of etcd who is not root while the alarm is up and rights are not looked at. For calls that delete
   * what only etcd knows; an alarm that is raised between this and the call is not seen.
   */
  async refuseUnderAlarm(caller: Caller): Promise<void> {
    if (caller.identity.login === undefined || (await this.areChecked(caller))) return;
    try {
      await beforeWrite(checkRights(caller, this.#etcd, [ANY_PUT]));
    } catch (error) {
      // Rights are looked at, and he has none to this key.
      if (!(error instanceof GatewayError) || error.code !== 'permission-denied') throw error;
    }
  }
}
