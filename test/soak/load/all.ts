// All loads with their rates: about a hundred requests per second in total.
import type { Span } from '../../harness/random.js';
import type { Caller } from '../caller.js';
import { exportAndImport, useKey } from './keys.js';
import { followLock, hold, lead, lock, session, simpleLock } from './locks.js';
import { readOperations } from './operations.js';
import { poll, watchEvents, watchLines, watchRaw } from './watches.js';

export interface Load {
  readonly name: string;
  readonly callers: number;
  /** Of a caller between two acts. */
  readonly pauseMs: Span;
  readonly act: (caller: Caller) => Promise<void>;
  /** Each act over a connection of its own. */
  readonly hasOwnConnections?: boolean;
}

export const LOADS: readonly Load[] = [
  { name: 'keys', callers: 6, pauseMs: [50, 200], act: useKey },
  { name: 'keys anew', callers: 1, pauseMs: [100, 300], act: useKey, hasOwnConnections: true },
  { name: 'exports', callers: 1, pauseMs: [2_000, 5_000], act: exportAndImport },
  { name: 'watch events', callers: 8, pauseMs: [50, 500], act: watchEvents },
  { name: 'watch lines', callers: 4, pauseMs: [50, 500], act: watchLines },
  { name: 'long polls', callers: 3, pauseMs: [50, 500], act: poll },
  { name: 'raw watches', callers: 2, pauseMs: [50, 500], act: watchRaw },
  { name: 'locks', callers: 8, pauseMs: [100, 500], act: lock },
  { name: 'holds', callers: 3, pauseMs: [100, 500], act: hold },
  { name: 'lock events', callers: 2, pauseMs: [100, 500], act: followLock },
  { name: 'elections', callers: 2, pauseMs: [200, 800], act: lead },
  { name: 'simple locks', callers: 2, pauseMs: [100, 400], act: simpleLock },
  { name: 'leases', callers: 2, pauseMs: [200, 800], act: session },
  {
    name: 'operations',
    callers: 1,
    pauseMs: [500, 1_500],
    act: readOperations,
    hasOwnConnections: true,
  },
];
