// Runs many watches over one connection: assigns their IDs, matches etcd's messages to them, and ends them. Does not resume watches: when
// the connection breaks, each watch ends with `broken`, and its owner starts a new one from its last position.
import { GatewayError } from '../../core/errors.js';
import type { Json } from '../json-values.js';
import { RevisionAssembler } from './revision-assembler.js';
import { encodeWatchCancel, encodeWatchCreate, encodeWatchProgress } from './codec.js';
import { WatchConnection } from './connection.js';
import type { ConnectionDeps, WatchConnectionLimits } from './connection.js';
import type { WatchEnd, WatchHandle, WatchListener } from './watch-listener.js';
import { refusalOf, toEnd } from './messages.js';
import { NO_WATCH } from '../wire.js';
import type { WatchRequest, WatchResponse } from '../wire.js';

export interface StreamLimits extends WatchConnectionLimits {
  readonly watchesPerStreamMax: number;
  /** How long a stream without a watch is kept for the next one. */
  readonly lingerMs: number;
  /** Minimum time between two progress requests on one stream. */
  readonly progressGapMs: number;
  /** For the one revision of a watch that is held back until all its fragments have arrived. */
  readonly revisionBytesMax: number;
}

export interface StreamDeps extends ConnectionDeps {
  readonly limits: StreamLimits;
}

interface Watch {
  readonly id: number;
  readonly request: WatchRequest;
  readonly listener: WatchListener;
  readonly assembler: RevisionAssembler;
  isCreated: boolean;
  /** It requested progress, so it receives every response to a progress request. */
  requestedProgress: boolean;
}

// etcd always responds to an empty range at once, with a rejection. It responds to a progress request only if every watch of the stream
// has caught up and its start revision is written (3.5.30): never, while all of them wait for the next write.
const PING: WatchRequest = { key: Buffer.from('b'), rangeEnd: Buffer.from('a') };

export class WatchStream {
  readonly #deps: StreamDeps;
  readonly #onEnd: () => void;
  readonly #connection: WatchConnection;
  readonly #watches = new Map<number, Watch>();
  /** IDs of creates without a response, in the order of etcd: a rejection has no ID. At most `watchesPerStreamMax` and a ping. */
  #pendingCreates: number[] = [];
  #lastId = 0;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** Set while no further progress request may be sent. */
  #progressTimer: NodeJS.Timeout | undefined;
  #isProgressDue = false;
  /** Its token is no longer valid: existing watches continue, but no other is created. */
  #isOutdated = false;
  #isShut = false;

  /** `onEnd`: the stream accepts no more watches. Called before its watches are notified. */
  constructor(deps: StreamDeps, onEnd: () => void) {
    this.#deps = deps;
    this.#onEnd = onEnd;
    this.#connection = new WatchConnection(deps, {
      openingLines: () => this.#openingLines(),
      onOpen: () => this.#opened(),
      onResponse: (response) => this.#receive(response),
      onIdle: () => this.#create(++this.#lastId, PING),
      onEnd: (end) => this.#end(end),
    });
  }

  get watches(): number {
    return this.#watches.size;
  }

  get hasRoom(): boolean {
    const { watchesPerStreamMax } = this.#deps.limits;
    if (this.#isOutdated) return false;
    return Math.max(this.#watches.size, this.#pendingCreates.length) < watchesPerStreamMax;
  }

  add(request: WatchRequest, listener: WatchListener): WatchHandle {
    clearTimeout(this.#lingerTimer);
    const id = ++this.#lastId;
    const assembler = new RevisionAssembler(
      request.startRevision,
      this.#deps.limits.revisionBytesMax,
    );
    const watch = { id, request, listener, assembler, isCreated: false, requestedProgress: false };
    this.#watches.set(id, watch);
    if (this.#connection.isOpen) this.#create(id, request);
    else if (id === 1) this.#connection.open();
    return {
      close: () => this.#close(watch),
      requestProgress: () => this.#requestProgress(watch),
    };
  }

  /** Ends the stream. Its watches end with `broken`. */
  end(error: GatewayError): void {
    this.#end({ kind: 'broken', error });
  }

  #create(id: number, request: WatchRequest): void {
    this.#pendingCreates.push(id);
    this.#connection.send(encodeWatchCreate(id, request), true);
  }

  #openingLines(): Json[] {
    const watches = [...this.#watches.values()];
    this.#pendingCreates = watches.map(({ id }) => id);
    return watches.map(({ id, request }) => encodeWatchCreate(id, request));
  }

  /** Creates and cancels the watches that were added and closed while the connection was being opened. */
  #opened(): void {
    const created = new Set(this.#pendingCreates);
    for (const id of created) {
      if (!this.#watches.has(id)) this.#connection.send(encodeWatchCancel(id), false);
    }
    for (const { id, request } of this.#watches.values()) {
      if (!created.has(id)) this.#create(id, request);
    }
    if (this.#isProgressDue) this.#sendProgressRequest();
  }

  #receive(response: WatchResponse): void {
    if (response.isCreated) {
      this.#completeCreate(response);
    } else if (response.watchId === NO_WATCH) {
      this.#receiveForAll(response);
    } else {
      const watch = this.#watches.get(response.watchId);
      if (watch !== undefined) this.#receiveFor(watch, response);
    }
  }

  #completeCreate(response: WatchResponse): void {
    // etcd responds to creates in their order. A rejection has no watch ID.
    const id = response.watchId === NO_WATCH ? this.#pendingCreates[0] : response.watchId;
    this.#pendingCreates = this.#pendingCreates.filter((other) => other !== id);
    const watch = id === undefined ? undefined : this.#watches.get(id);
    if (watch === undefined) return;
    if (response.isCanceled) {
      this.#endOne(watch, this.#refused(response));
      return;
    }
    watch.isCreated = true;
    watch.assembler.created(response.revision);
    watch.listener.onCreated?.(response.revision);
  }

  #refused(response: WatchResponse): WatchEnd {
    const refusal = refusalOf(response);
    const end = toEnd(response, this.#deps.onUnrecognizedError);
    if (refusal === undefined || end.kind !== 'refused') return end;
    if (this.#connection.isOutdated(refusal)) {
      this.#isOutdated = true;
      return { kind: 'broken', error: end.error };
    }
    const { authenticator, identity } = this.#deps;
    if (refusal === 'denied' || authenticator === undefined) return end;
    return { kind: 'refused', error: authenticator.rejection(identity, end.error.message).error };
  }

  #receiveForAll(response: WatchResponse): void {
    if (response.isCanceled) {
      const detail = `etcd ended a watch without its ID: ${response.cancelReason ?? 'no reason'}`;
      this.end(new GatewayError('etcd-refused', { detail }));
      return;
    }
    for (const watch of [...this.#watches.values()]) {
      if (watch.requestedProgress) this.#reportProgress(watch, response.revision, false);
    }
  }

  #receiveFor(watch: Watch, response: WatchResponse): void {
    if (response.isCanceled) {
      const end = toEnd(response, this.#deps.onUnrecognizedError);
      // etcd 3.5.8 and later keep such a watch until it is cancelled, and meanwhile report no progress on the whole stream.
      if (end.kind === 'compacted') this.#connection.send(encodeWatchCancel(watch.id), false);
      this.#endOne(watch, end);
    } else if (response.events.length === 0 && watch.assembler.isComplete) {
      this.#reportProgress(watch, response.revision, true);
    } else {
      this.#deliver(watch, response);
    }
  }

  #deliver(watch: Watch, response: WatchResponse): void {
    let events: ReturnType<RevisionAssembler['push']>;
    try {
      events = watch.assembler.push(response);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#connection.send(encodeWatchCancel(watch.id), false);
      this.#endOne(watch, { kind: 'refused', error });
      return;
    }
    if (events.length > 0) watch.listener.onEvents(events, response.revision);
  }

  #reportProgress(watch: Watch, revision: number, isPeriodic: boolean): void {
    if (!watch.isCreated || !watch.assembler.allowsProgress(revision)) return;
    watch.listener.onProgress?.(revision, isPeriodic);
  }

  #requestProgress(watch: Watch): void {
    if (!this.#watches.has(watch.id)) return;
    watch.requestedProgress = true;
    this.#isProgressDue = true;
    if (this.#connection.isOpen && this.#progressTimer === undefined) this.#sendProgressRequest();
  }

  #sendProgressRequest(): void {
    this.#isProgressDue = false;
    this.#connection.send(encodeWatchProgress(), false);
    this.#progressTimer = setTimeout(() => {
      this.#progressTimer = undefined;
      if (this.#isProgressDue) this.#sendProgressRequest();
    }, this.#deps.limits.progressGapMs);
  }

  #close(watch: Watch): void {
    if (!this.#watches.delete(watch.id)) return;
    if (this.#connection.isOpen) this.#connection.send(encodeWatchCancel(watch.id), false);
    this.#lingerWhenEmpty();
  }

  #endOne(watch: Watch, end: WatchEnd): void {
    this.#watches.delete(watch.id);
    watch.listener.onEnd(end);
    this.#lingerWhenEmpty();
  }

  #lingerWhenEmpty(): void {
    if (this.#watches.size > 0 || this.#isShut) return;
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = setTimeout(() => this.#shut(), this.#deps.limits.lingerMs);
  }

  #end(end: WatchEnd): void {
    this.#shut();
    // One by one, because a listener may close other watches.
    for (const { id, listener } of [...this.#watches.values()]) {
      if (this.#watches.delete(id)) listener.onEnd(end);
    }
  }

  #shut(): void {
    if (this.#isShut) return;
    this.#isShut = true;
    clearTimeout(this.#lingerTimer);
    clearTimeout(this.#progressTimer);
    this.#connection.destroy();
    this.#onEnd();
  }
}
