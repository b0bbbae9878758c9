// The headers in which v2 tells of the store. The cluster's ID stands on every answer, also to requests that never reached etcd: it is
// remembered from the last answer of etcd.
import type { Response } from 'express';
import type { ResponseHeader } from '../../etcd/wire.js';

export class StoreHeaders {
  #clusterId = '';

  get clusterId(): string {
    return this.#clusterId;
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
