// A server with /v1/watch alone, and a fake store that the test advances.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { GATEWAY_IDENTITY } from '../../src/core/caller.js';
import type { Caller } from '../../src/core/caller.js';
import { createReservedKeys } from '../../src/domain/reserved.js';
import { WatchHub } from '../../src/domain/watch/hub.js';
import { createContext } from '../../src/http/request/context.js';
import { createErrorHandler } from '../../src/http/response/problem.js';
import { StreamLimiter } from '../../src/http/load/stream-limiter.js';
import { createValidator, loadDocument } from '../../src/http/contract/validate.js';
import { createKnownPaths } from '../../src/http/contract/known-paths.js';
import { rejectUnmatched } from '../../src/http/contract/unmatched-routes.js';
import { createWatchRouter } from '../../src/http/v1/watch.js';
import { FakeStore } from './fake-watches.js';

export interface WatchApi {
  readonly baseUrl: string;
  readonly port: number;
  readonly store: FakeStore;
  readonly hub: WatchHub;
  readonly draining: AbortController;
  /** For each read of the current revision, the milliseconds until the caller's deadline. */
  readonly revisionReadsMs: readonly number[];
}

export interface WatchApiOptions {
  readonly streamsMax?: number;
  readonly requestTimeoutSeconds?: number;
  readonly currentRevision?: (caller: Caller) => Promise<number>;
}

const validator = createValidator(loadDocument('latchkey'));

/** Serves until the test ends. */
export async function serveWatchApi(options: WatchApiOptions = {}): Promise<WatchApi> {
  const { streamsMax = 100, requestTimeoutSeconds = 10 } = options;
  const store = new FakeStore();
  const draining = new AbortController();
  const reserved = createReservedKeys({ lockPrefix: 'locks/', electionPrefix: 'elections/' });
  const hub = new WatchHub({
    watches: store,
    isProgressOrdered: () => true,
    isVisible: (key) => !reserved.isHidden(key),
    isCompacted: (_identity, _key, revision) => Promise.resolve(store.isCompacted(revision)),
  });
  const revisionReadsMs: number[] = [];
  const currentRevision = async (caller: Caller): Promise<number> => {
    revisionReadsMs.push(caller.deadline - performance.now());
    return options.currentRevision?.(caller) ?? store.revision;
  };
  const app = express();
  app.use(createContext({ requestTimeoutSeconds }, GATEWAY_IDENTITY));
  app.use(
    createWatchRouter({
      hub,
      revisionMonitor: store,
      reserved,
      validator,
      currentRevision,
      streams: new StreamLimiter(streamsMax),
      draining: draining.signal,
    }),
  );
  app.use(rejectUnmatched(createKnownPaths([loadDocument('latchkey')])));
  app.use(createErrorHandler(pino({ level: 'silent' })));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    hub.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}`, port, store, hub, draining, revisionReadsMs };
}
