// wait=true: the events of a node, or of everything below it, from an index on. They arrive in order and once each. The history is that of
// etcd v3, which is the same at every gateway and lasts until its revisions are compacted.
import type { Caller, Identity } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import type { RevisionMonitor } from '../../../etcd/revision-monitor.js';
import type { KeyRange, ResponseHeader, Span, WatchEvent } from '../../../etcd/wire.js';
import type { WatchHub } from '../../watch/hub.js';
import type { Watcher } from '../../watch/shared-watch.js';
import { v2Error } from '../errors.js';
import type { NodeLeaseDeps } from '../expiry/node-lease.js';
import type { V2Event } from '../tree/node.js';
import { isDenial } from '../tree/path-snapshot.js';
import { fileKey, nodeRange, rangeBelow } from '../tree/path.js';
import { countDeliveries } from './delivery-count.js';
import type { WaitTarget } from './delivery-count.js';
import { isInScope, readDeletionsAbove, watchScopes } from './directory-deletions.js';
import type { DirectoryDeletion, WatchScope } from './directory-deletions.js';
import type { EventHistory } from './event-history.js';
import { EventTranslator } from './event-translator.js';

export interface WaitDeps extends NodeLeaseDeps {
  readonly etcd: EtcdClient;
  readonly hub: WatchHub;
  readonly history: EventHistory;
  readonly revisionMonitor: Pick<RevisionMonitor, 'epoch' | 'lostRevision'>;
}

export interface WaitRequest extends WaitTarget {
  /** The first index of interest; 0 for new events only. */
  readonly index: bigint;
}

/** `onLive` is called first and once. None of the functions may throw. */
export interface WaitListener {
  /** The wait has started at this state of the store. */
  onLive(header: ResponseHeader): void;
  /** Called once for each delivery of an event. */
  onEvent(event: V2Event): void;
  /** The last call. It can come without `onLive`. */
  onEnd(error: GatewayError): void;
}

/** Revisions that one wait has received and not yet delivered. With more, the wait fails because its reader is too slow. */
const BACKLOG_MAX = 10_000;

/**
 * Returns a function that ends the wait; the listener is not called after that. Throws if etcd cannot be read, and `revision-compacted` for
 * an index of a history that etcd has lost.
 */
export async function startWait(
  caller: Caller,
  deps: WaitDeps,
  request: WaitRequest,
  listener: WaitListener,
): Promise<() => void> {
  const { epoch } = deps.revisionMonitor;
  const header = await readHeader(caller, deps, request.path);
  rejectLostIndex(deps, request, header);
  const translator = new EventTranslator(caller.identity, deps);
  const deletions = isInPast(request, header)
    ? await readDeletionsAbove(translator, request.path, Number(request.index), header.revision)
    : [];
  if (epoch !== deps.revisionMonitor.epoch) throw indexCleared(request, header.revision);
  const start = { header, deletions, translator };
  const wait = new ActiveWait(caller.identity, deps, request, start, listener);
  wait.watch();
  return () => wait.close();
}

/**
 * A wait for a future index waits, as in etcd's v2 store. After a reset of the store, an index of the lost history can look like a future
 * one. A wait for it would receive the wrong event.
 */
function rejectLostIndex(
  { revisionMonitor }: WaitDeps,
  request: WaitRequest,
  { revision }: ResponseHeader,
): void {
  const isFuture = request.index > BigInt(revision + 1);
  if (isFuture && request.index <= BigInt(revisionMonitor.lostRevision + 1))
    throw indexCleared(request, revision);
}

function indexCleared({ index }: WaitRequest, oldest: number, revision = oldest): GatewayError {
  const cause = `the requested history has been cleared [${oldest}/${index}]`;
  return v2Error('eventIndexCleared', cause, revision);
}

function isInPast({ index }: WaitRequest, { revision }: ResponseHeader): boolean {
  return index > 0n && index <= BigInt(revision);
}

/** Reads the current revision of the store. A caller with rights only to the keys below the node reads one of those. */
async function readHeader(caller: Caller, deps: WaitDeps, path: string): Promise<ResponseHeader> {
  const keyBelow = rangeBelow(path).key;
  const keys = path === '' ? [keyBelow] : [fileKey(path), keyBelow];
  for (const [index, key] of keys.entries()) {
    try {
      return (await deps.etcd.range(caller, { key, countOnly: true })).header;
    } catch (error) {
      if (!isDenial(error) || index === keys.length - 1) throw error;
    }
  }
  throw v2Error('raftInternal', 'the store was not read');
}

/** What was read before the wait started. */
interface WaitStart {
  readonly header: ResponseHeader;
  readonly deletions: readonly DirectoryDeletion[];
  readonly translator: EventTranslator;
}

class ActiveWait {
  readonly #deps: WaitDeps;
  readonly #identity: Identity;
  readonly #request: WaitRequest;
  readonly #header: ResponseHeader;
  readonly #listener: WaitListener;
  readonly #translator: EventTranslator;
  readonly #nodeRange: Span;
  /** The widest scope first. If etcd denies one, the wait continues with the next. */
  readonly #scopes: WatchScope[];
  #unwatch: (() => void) | undefined;
  #isLive = false;
  #isClosed = false;
  /** The undelivered events, grouped by revision. */
  #backlog: WatchEvent[][] = [];
  #isDelivering = false;

  constructor(
    identity: Identity,
    deps: WaitDeps,
    request: WaitRequest,
    { header, deletions, translator }: WaitStart,
    listener: WaitListener,
  ) {
    this.#identity = identity;
    this.#deps = deps;
    this.#request = request;
    this.#header = header;
    this.#listener = listener;
    this.#translator = translator;
    const { path } = request;
    this.#nodeRange = nodeRange(path);
    const ranges: KeyRange[] =
      path === '' ? [this.#nodeRange] : [this.#nodeRange, rangeBelow(path), { key: fileKey(path) }];
    this.#scopes = [
      ...watchScopes(this.#nodeRange, deletions),
      ...ranges.map((range) => ({ range, deletions: [] })),
    ];
  }

  watch(): void {
    const [scope] = this.#scopes;
    if (scope === undefined || this.#isClosed) return;
    const isPast = isInPast(this.#request, this.#header);
    const since = { revision: isPast ? Number(this.#request.index) - 1 : this.#header.revision };
    const request = { identity: this.#identity, range: scope.range, since, previous: true };
    const unwatch = this.#deps.hub.watch(request, this.#createWatcher(scope));
    // If the hub already denied this scope, the wait uses the next one by now.
    if (this.#scopes[0] !== scope) unwatch();
    else this.#unwatch = unwatch;
    this.#unwatchIfClosed();
  }

  /** Unwatches if the wait was closed before `#unwatch` was set. */
  #unwatchIfClosed(): void {
    if (this.#isClosed) this.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#backlog = [];
    this.#unwatch?.();
  }

  #createWatcher(scope: WatchScope): Watcher {
    return {
      onLive: () => {
        if (this.#isClosed || this.#isLive) return;
        this.#isLive = true;
        this.#listener.onLive(this.#header);
      },
      onEvents: (deliveries) => {
        const events = deliveries.map(({ event }) => event);
        this.#receive(events.filter((event) => isInScope(event, this.#nodeRange, scope)));
      },
      onProgress: () => undefined,
      onCompacted: (oldest) =>
        this.#end(indexCleared(this.#request, oldest, this.#header.revision)),
      onReset: (revision) => this.#end(indexCleared(this.#request, revision)),
      onRefused: (error) => {
        const canNarrow = !this.#isLive && isDenial(error) && this.#scopes.length > 1;
        if (!canNarrow) {
          this.#end(error);
          return;
        }
        this.#scopes.shift();
        this.watch();
      },
    };
  }

  #end(error: GatewayError): void {
    if (this.#isClosed) return;
    this.close();
    this.#listener.onEnd(error);
  }

  #receive(events: readonly WatchEvent[]): void {
    for (const event of events) {
      const last = this.#backlog.at(-1);
      if (last?.[0]?.kv.modRevision === event.kv.modRevision) last.push(event);
      else this.#backlog.push([event]);
    }
    if (this.#backlog.length > BACKLOG_MAX) {
      this.#end(v2Error('raftInternal', 'the reader is too slow', this.#header.revision));
    } else if (!this.#isDelivering) {
      this.#isDelivering = true;
      void this.#deliverBacklog().catch((error: unknown) =>
        this.#end(
          error instanceof GatewayError
            ? error
            : new GatewayError('internal-error', { cause: error }),
        ),
      );
    }
  }

  /** Delivers in order. Events that arrive meanwhile are delivered afterwards. */
  async #deliverBacklog(): Promise<void> {
    while (this.#backlog.length > 0 && !this.#isClosed) {
      const revisions = this.#backlog;
      this.#backlog = [];
      const translated = await this.#translator.translate(revisions);
      translated.forEach((events, at) => this.#deliver(events, revisions[at] ?? []));
    }
    this.#isDelivering = false;
  }

  #deliver(events: readonly V2Event[], changes: readonly WatchEvent[]): void {
    for (const event of events) {
      const { modifiedIndex } = event.node;
      if (BigInt(modifiedIndex) < this.#request.index) continue;
      const isPast = modifiedIndex <= this.#header.revision;
      const deliveries = countDeliveries(this.#request, event, changes, isPast);
      for (let count = 0; count < deliveries && !this.#isClosed; count++)
        this.#listener.onEvent(event);
    }
  }
}
