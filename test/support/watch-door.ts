// /v1/watch alone on a server of its own, before a store that moves only when the test says so.
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
import { refuseUnserved } from '../../src/http/contract/unmatched-routes.js';
import { createWatchRouter } from '../../src/http/v1/watch.js';
import { FakeStore } from './fake-watches.js';

export interface WatchDoor {
  readonly baseUrl: string;
  readonly port: number;
  readonly store: FakeStore;
  readonly hub: WatchHub;
  readonly draining: AbortController;
  /** Deadlines of those who asked for the current revision, as milliseconds from then. */
  readonly revisionAskedFor: readonly number[];
}

export interface WatchDoorOptions {
  readonly streamsMax?: number;
  readonly requestTimeoutSeconds?: number;
  readonly currentRevision?: (caller: Caller) => Promise<number>;
}

const validator = createValidator(loadDocument('latchkey'));

/** Serves until the test is over. */
export async function serveWatchDoor(options: WatchDoorOptions = {}): Promise<WatchDoor> {
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
  const revisionAskedFor: number[] = [];
  const currentRevision = async (caller: Caller): Promise<number> => {
    revisionAskedFor.push(caller.deadline - performance.now());
    return options.currentRevision?.(caller) ?? store.revision;
  };
  const app = express();
  app.use(createContext({ requestTimeoutSeconds }, GATEWAY_IDENTITY));
  app.use(
    createWatchRouter({
      hub,
      line: store,
      reserved,
      validator,
      currentRevision,
      streams: new StreamLimiter(streamsMax),
      draining: draining.signal,
    }),
  );
  app.use(refuseUnserved(createKnownPaths([loadDocument('latchkey')])));
  app.use(createErrorHandler(pino({ level: 'silent' })));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    hub.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}`, port, store, hub, draining, revisionAskedFor };
}
