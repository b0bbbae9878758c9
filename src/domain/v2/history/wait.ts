// wait=true: the events of a node, or of all below it, from an index on, in order and each once. The history is etcd's own, as long as its
// revisions are not compacted, and the same at every gateway.
import type { Caller, Identity } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import type { RevisionLine } from '../../../etcd/revision-line.js';
import type { KeyRange, ResponseHeader, Span, WatchEvent } from '../../../etcd/wire.js';
import type { WatchHub } from '../../watch/hub.js';
import type { Watcher } from '../../watch/topic.js';
import { isDenial } from '../tree/path-snapshot.js';
import type { ChangeRecords } from './event-history.js';
import { v2Error } from '../errors.js';
import { EventTranslator } from './event-translator.js';
import type { LifetimeDeps } from '../expiry/node-lease.js';
import type { V2Event } from '../tree/node.js';
import { isWanted, reachesWith, removalsAbove } from './directory-deletions.js';
import type { PastRemoval, Reach } from './directory-deletions.js';
import { fileKey, insideOf, reachOf } from '../tree/path.js';
import { timesTold } from './delivery-count.js';
import type { WaitTarget } from './delivery-count.js';

export interface WaitDeps extends LifetimeDeps {
  readonly etcd: EtcdClient;
  readonly hub: WatchHub;
  readonly records: ChangeRecords;
  readonly line: Pick<RevisionLine, 'epoch' | 'lostRevision'>;
}

export interface Wait extends WaitTarget {
  /** The first index that is wanted; 0: from now on. */
  readonly index: bigint;
}

/** Called in this order: `onLive` once, then the rest. None of them must throw. */
export interface WaitListener {
  /** The wait has begun, at this state of the store. */
  onLive(header: ResponseHeader): void;
  /** Each event as often as v2 tells it. */
  onEvent(event: V2Event): void;
  /** The last call, live or not. */
  onEnd(error: GatewayError): void;
}

/** Revisions that one wait has received and not yet told: more are more than its reader keeps up with. */
const BACKLOG_MAX = 10_000;

/**
 * Gives what ends it; then nothing more is heard of it. Throws when etcd cannot be read, and `revision-compacted` for an index of a history
 * that etcd has lost.
 */
export async function startWait(
  caller: Caller,
  deps: WaitDeps,
  wait: Wait,
  listener: WaitListener,
): Promise<() => void> {
  const { epoch } = deps.line;
  const header = await readHeader(caller, deps, wait.path);
  refuseLost(deps, wait, header);
  const translator = new EventTranslator(caller.identity, deps);
  const removals = isInPast(wait, header)
    ? await removalsAbove(translator, wait.path, Number(wait.index), header.revision)
    : [];
  if (epoch !== deps.line.epoch) throw cleared(wait, header.revision);
  const view = { header, removals, translator };
  const running = new RunningWait(caller.identity, deps, wait, view, listener);
  running.begin();
  return () => running.close();
}

/** As in v2, a wait for a future index waits. One that was the past before a reset of the store would wait for the wrong event. */
function refuseLost({ line }: WaitDeps, wait: Wait, { revision }: ResponseHeader): void {
  const isFuture = wait.index > BigInt(revision + 1);
  if (isFuture && wait.index <= BigInt(line.lostRevision + 1)) throw cleared(wait, revision);
}

function cleared({ index }: Wait, oldest: number, revision = oldest): GatewayError {
  const cause = `the requested history has been cleared [${oldest}/${index}]`;
  return v2Error('eventIndexCleared', cause, revision);
}

function isInPast({ index }: Wait, { revision }: ResponseHeader): boolean {
  return index > 0n && index <= BigInt(revision);
}

/** The store's revision now. Who has rights to what is below the node only asks there. */
async function readHeader(caller: Caller, deps: WaitDeps, path: string): Promise<ResponseHeader> {
  const inside = insideOf(path).key;
  const keys = path === '' ? [inside] : [fileKey(path), inside];
  for (const [index, key] of keys.entries()) {
    try {
      return (await deps.etcd.range(caller, { key, countOnly: true })).header;
    } catch (error) {
      if (!isDenial(error) || index === keys.length - 1) throw error;
    }
  }
  throw v2Error('raftInternal', 'the store was not read');
}

/** What was found before the wait began. */
interface WaitView {
  readonly header: ResponseHeader;
  readonly removals: readonly PastRemoval[];
  readonly translator: EventTranslator;
}

class RunningWait {
  readonly #deps: WaitDeps;
  readonly #identity: Identity;
  readonly #wait: Wait;
  readonly #header: ResponseHeader;
  readonly #listener: WaitListener;
  readonly #translator: EventTranslator;
  readonly #reach: Span;
  /** The whole reach of the node, with directories that went, and what is left of it for who may not watch all. */
  readonly #reaches: Reach[];
  #unwatch: (() => void) | undefined;
  #isLive = false;
  #isOver = false;
  #backlog: WatchEvent[][] = [];
  #isTelling = false;

  constructor(
    identity: Identity,
    deps: WaitDeps,
    wait: Wait,
    { header, removals, translator }: WaitView,
    listener: WaitListener,
  ) {
    this.#identity = identity;
    this.#deps = deps;
    this.#wait = wait;
    this.#header = header;
    this.#listener = listener;
    this.#translator = translator;
    const { path } = wait;
    this.#reach = reachOf(path);
    const ranges: KeyRange[] =
      path === '' ? [this.#reach] : [this.#reach, insideOf(path), { key: fileKey(path) }];
    this.#reaches = [
      ...reachesWith(this.#reach, removals),
      ...ranges.map((range) => ({ range, removals: [] })),
    ];
  }

  begin(): void {
    const [reach] = this.#reaches;
    if (reach === undefined || this.#isOver) return;
    const isPast = isInPast(this.#wait, this.#header);
    const since = { revision: isPast ? Number(this.#wait.index) - 1 : this.#header.revision };
    const request = { identity: this.#identity, range: reach.range, since, previous: true };
    const unwatch = this.#deps.hub.watch(request, this.#watcher(reach));
    // By now it may watch another range.
    if (this.#reaches[0] !== reach) unwatch();
    else this.#unwatch = unwatch;
    this.#closeIfOver();
  }

  /** What happened while the watch began had nothing to close yet. */
  #closeIfOver(): void {
    if (this.#isOver) this.close();
  }

  close(): void {
    this.#isOver = true;
    this.#backlog = [];
    this.#unwatch?.();
  }

  #watcher(reach: Reach): Watcher {
    return {
      onLive: () => {
        if (this.#isOver || this.#isLive) return;
        this.#isLive = true;
        this.#listener.onLive(this.#header);
      },
      onEvents: (deliveries) => {
        const events = deliveries.map(({ event }) => event);
        this.#receive(events.filter((event) => isWanted(event, this.#reach, reach)));
      },
      onProgress: () => undefined,
      onCompacted: (oldest) => this.#end(cleared(this.#wait, oldest, this.#header.revision)),
      onReset: (revision) => this.#end(cleared(this.#wait, revision)),
      onRefused: (error) => {
        const isNarrower = !this.#isLive && isDenial(error) && this.#reaches.length > 1;
        if (!isNarrower) {
          this.#end(error);
          return;
        }
        this.#reaches.shift();
        this.begin();
      },
    };
  }

  #end(error: GatewayError): void {
    if (this.#isOver) return;
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
    } else if (!this.#isTelling) {
      this.#isTelling = true;
      void this.#tell().catch((error: unknown) =>
        this.#end(
          error instanceof GatewayError
            ? error
            : new GatewayError('internal-error', { cause: error }),
        ),
      );
    }
  }

  /** One after the other, whatever comes in meanwhile. */
  async #tell(): Promise<void> {
    while (this.#backlog.length > 0 && !this.#isOver) {
      const revisions = this.#backlog;
      this.#backlog = [];
      const translated = await this.#translator.translate(revisions);
      translated.forEach((events, at) => this.#tellRevision(events, revisions[at] ?? []));
    }
    this.#isTelling = false;
  }

  #tellRevision(events: readonly V2Event[], keys: readonly WatchEvent[]): void {
    for (const event of events) {
      const { modifiedIndex } = event.node;
      if (BigInt(modifiedIndex) < this.#wait.index) continue;
      const isPast = modifiedIndex <= this.#header.revision;
      const times = timesTold(this.#wait, event, keys, isPast);
      for (let time = 0; time < times && !this.#isOver; time++) this.#listener.onEvent(event);
    }
  }
}
