// Every mount, in order, on one screen.
import express from 'express';
import type { Express } from 'express';
import type { Config } from './config.js';
import { GatewayError } from './errors.js';
import type { Background } from './domain/background.js';
import { createReservedKeys } from './domain/reserved.js';
import type { EtcdClient } from './etcd/client.js';
import type { EndpointPool } from './etcd/endpoints.js';
import { createAccessLog } from './http/access-log.js';
import { createContext } from './http/context.js';
import { createDocsDoor } from './http/docs.js';
import { createGates } from './http/gates.js';
import { createOperationsRouter, createReadiness } from './http/operations.js';
import { readDocumentTexts } from './http/openapi-files.js';
import { createErrorHandler } from './http/problem.js';
import { createRawDoor } from './http/raw.js';
import { createSimpleLockRouter } from './http/simple-lock.js';
import { createKvRouter } from './http/v1/kv.js';
import { createV2ClusterRouter } from './http/v2/cluster.js';
import { createValidator, loadDocument } from './http/validate.js';
import type { Log } from './log.js';

export interface AppDeps {
  readonly config: Config;
  readonly log: Log;
  readonly pool: EndpointPool;
  readonly etcd: EtcdClient;
  readonly background: Background;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
}

export function createApp(deps: AppDeps): Express {
  const { config, log, pool, etcd, background, draining } = deps;
  const { limits, lockPrefix } = config;
  const validator = createValidator(loadDocument('latchkey'));
  const reserved = createReservedKeys(config);
  const readiness = createReadiness({ etcd, isDraining: () => draining.aborted });

  const app = createBareApp();
  app.use(createContext(limits));
  app.use(createAccessLog(log));
  app.use(createOperationsRouter(readiness));
  app.use(createGates(config));
  app.use(createRawDoor({ pool, limits, log, draining }));
  app.use(createKvRouter({ etcd, reserved, validator, limits }));
  app.use(createSimpleLockRouter({ etcd, background, lockPrefix, validator, limits }));
  app.use(createV2ClusterRouter({ etcd, readiness }));
  app.use(createDocsDoor({ documents: readDocumentTexts() }));
  app.use((req) => {
    throw new GatewayError('not-found', {
      detail: `there is nothing at ${req.path}`,
      hint: 'the doors are /v1, /, /v3 and /docs; a key that begins with a slash goes to /v1/kv?key=',
    });
  });
  app.use(createErrorHandler(log));
  return app;
}

function createBareApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.set('query parser', false);
  return app;
}
