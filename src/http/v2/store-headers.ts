// The headers in which v2 tells of the store. The cluster's ID stands on every answer, also to requests that never reached etcd: it is
// remembered from the last answer of etcd.
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

  /** Asks etcd when nothing was heard of it yet; without an answer the header is left out. */
  async putClusterId(caller: Caller, res: Response): Promise<void> {
    try {
      if (this.#clusterId === '') this.remember((await readMembers(caller, this.#deps)).header);
      res.setHeader('X-Etcd-Cluster-Id', this.#clusterId);
    } catch {
      // What keeps etcd from answering is told by what the request itself asks.
    }
  }

  remember({ clusterId }: Pick<ResponseHeader, 'clusterId'>): void {
    this.#clusterId = clusterId;
  }

  /** Of a success. v3 does not tell the raft index: the revision stands in for it. */
  put(res: Response, header: ResponseHeader): void {
    this.remember(header);
    res.setHeader('Content-Type', 'application/json');
    res.setHeader('X-Etcd-Cluster-Id', header.clusterId);
    res.setHeader('X-Etcd-Index', header.revision);
    res.setHeader('X-Raft-Index', header.revision);
    res.setHeader('X-Raft-Term', header.raftTerm);
  }
}
