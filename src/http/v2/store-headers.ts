// The headers that describe the store. Every response has the cluster ID, even if the request did not reach etcd. For this the gateway
// remembers the ID from the last response of etcd.
import type { Response } from 'express';
import type { Caller } from '../../core/caller.js';
import { readMembers } from '../../domain/v2/members/members.js';
import type { MembersDeps } from '../../domain/v2/members/members.js';
import type { ResponseHeader } from '../../etcd/wire.js';

export class StoreHeaders {
  readonly #deps: MembersDeps;
  #clusterId = '';

  constructor(deps: MembersDeps) {
    this.#deps = deps;
  }

  /** Reads the ID from etcd if it is still unknown. Omits the header if that fails. */
  async putRememberedClusterId(caller: Caller, res: Response): Promise<void> {
    try {
      if (this.#clusterId === '')
        this.#clusterId = (await readMembers(caller, this.#deps)).header.clusterId;
      res.setHeader('X-Etcd-Cluster-Id', this.#clusterId);
    } catch {
      // The request itself reports why etcd does not respond.
    }
  }

  putClusterId(res: Response, { clusterId }: ResponseHeader): void {
    this.#clusterId = clusterId;
    res.setHeader('X-Etcd-Cluster-Id', clusterId);
  }

  /** Sets the headers of a successful response. etcd v3 does not report the raft index, so the revision replaces it. */
  put(res: Response, header: ResponseHeader): void {
    this.putClusterId(res, header);
    res.setHeader('Content-Type', 'application/json');
    res.setHeader('X-Etcd-Index', header.revision);
    res.setHeader('X-Raft-Index', header.revision);
    res.setHeader('X-Raft-Term', header.raftTerm);
  }
}
