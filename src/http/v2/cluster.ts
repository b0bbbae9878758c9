// /version and /health, as v2 clients expect them.
import { Router } from 'express';
import { GatewayError } from '../../core/errors.js';
import { readVersion } from '../../domain/cluster.js';
import type { EtcdClient } from '../../etcd/client.js';
import { contextOf } from '../request/context.js';
import { recordErrorCode } from '../response/error-code.js';
import type { Readiness } from '../operations/readiness.js';

export function createV2ClusterRouter(deps: {
  readonly etcd: EtcdClient;
  readonly readiness: Readiness;
}): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get('/version', async (req, res) => {
    const version = await readVersion(contextOf(req).caller, deps);
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify(version));
  });
  // The format of etcd 3.4. Later versions add a reason. The gateway sends one only if etcd is unhealthy.
  router.get('/health', async (_req, res) => {
    res.setHeader('Content-Type', 'application/json');
    try {
      await deps.readiness.check();
      res.end('{"health":"true"}');
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      recordErrorCode(res, error.code);
      res.statusCode = new GatewayError('etcd-unavailable').status;
      res.end(JSON.stringify({ health: 'false', reason: error.message }));
    }
  });
  return router;
}
