// Checks what an etcd user may delete while the NOSPACE alarm is raised. Before 3.6 etcd then applies deletes, lease revocations and
// transactions without a put without checking rights. It rejects every put, so the gateway tries a put first.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { checksRightsUnderAlarm } from '../../../etcd/version.js';
import type { RequestOp } from '../../../etcd/wire.js';
import { checkRights } from './check-rights.js';

/** How long a cluster version is kept: it changes only after all members were upgraded. */
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

  /** Whether every member checks rights under the alarm too. False while the version is unknown. Never rejects. */
  async areRightsChecked(caller: Caller): Promise<boolean> {
    const known = this.#known;
    if (known !== undefined && this.#now() - known.at < VERSION_MS) return known.areRightsChecked;
    try {
      const { etcdcluster } = await this.#etcd.version(caller);
      const areRightsChecked = checksRightsUnderAlarm(etcdcluster);
      this.#known = { areRightsChecked, at: this.#now() };
      return areRightsChecked;
    } catch {
      return false;
    }
  }

  /**
   * Throws `out-of-space` for an etcd user other than root while the alarm is raised and etcd checks no rights. For calls that delete keys
   * which only etcd can list. Does not detect an alarm that is raised between this check and the call.
   */
  async refuseUnderAlarm(caller: Caller): Promise<void> {
    if (caller.identity.login === undefined || (await this.areRightsChecked(caller))) return;
    try {
      await beforeWrite(checkRights(caller, this.#etcd, [ANY_PUT]));
    } catch (error) {
      // etcd checked rights, and the user has none to this key. So the alarm does not suspend the checks.
      if (!(error instanceof GatewayError) || error.code !== 'permission-denied') throw error;
    }
  }
}
