// Many watches over one connection: gives them IDs, matches etcd's messages to them, ends them. It resumes nothing: when the connection
// breaks, each watch is told so and its owner, who knows how far it came, watches again.
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
  /** Between two progress requests on one stream. */
  readonly progressGapMs: number;
  /** Of the one revision of a stream that is held back while its fragments come in. */
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
  /** Has asked for progress, so it hears every answer. */
  requestedProgress: boolean;
}

// etcd refuses an empty range and answers so whatever else it has to do. It answers a progress request only when every watch of the
// stream has caught up and the revision that it starts from is written (3.5.30): never, where all wait for the next write.
const PING: WatchRequest = { key: Buffer.from('b'), rangeEnd: Buffer.from('a') };

export class WatchStream {
  readonly #deps: StreamDeps;
  readonly #onEnd: () => void;
  readonly #connection: WatchConnection;
  readonly #watches = new Map<number, Watch>();
  /** IDs of the creates that etcd has not answered yet, in its order: a refusal names none. At most `watchesPerStreamMax` and a ping. */
  #unanswered: number[] = [];
  #lastId = 0;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** Runs while no further progress request may go out. */
  #progressTimer: NodeJS.Timeout | undefined;
  #isProgressDue = false;
  /** Opened with a token that is none any more: its watches go on, no other is created. */
  #isOutdated = false;
  #isShut = false;

  /** `onEnd`: the stream takes no more watches. Called before they hear of it. */
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
    return Math.max(this.#watches.size, this.#unanswered.length) < watchesPerStreamMax;
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

  /** Ends the stream; its watches are told that it broke. */
  end(error: GatewayError): void {
    this.#end({ kind: 'broken', error });
  }

  #create(id: number, request: WatchRequest): void {
    this.#unanswered.push(id);
    this.#connection.send(encodeWatchCreate(id, request), true);
  }

  #openingLines(): Json[] {
    const watches = [...this.#watches.values()];
    this.#unanswered = watches.map(({ id }) => id);
    return watches.map(({ id, request }) => encodeWatchCreate(id, request));
  }

  /** What came and went while the connection was being opened. */
  #opened(): void {
    const created = new Set(this.#unanswered);
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
      this.#answered(response);
    } else if (response.watchId === NO_WATCH) {
      this.#receiveForAll(response);
    } else {
      const watch = this.#watches.get(response.watchId);
      if (watch !== undefined) this.#receiveFor(watch, response);
    }
  }

  #answered(response: WatchResponse): void {
    // etcd answers creates in their order, and a refusal with the ID of no watch.
    const id = response.watchId === NO_WATCH ? this.#unanswered[0] : response.watchId;
    this.#unanswered = this.#unanswered.filter((other) => other !== id);
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
      const detail = `etcd ended a watch without saying which: ${response.cancelReason ?? 'no reason'}`;
      this.end(new GatewayError('etcd-refused', { detail }));
      return;
    }
    for (const watch of [...this.#watches.values()]) {
      if (watch.requestedProgress) this.#tellProgress(watch, response.revision, false);
    }
  }

  #receiveFor(watch: Watch, response: WatchResponse): void {
    if (response.isCanceled) {
      const end = toEnd(response, this.#deps.onUnrecognizedError);
      // etcd 3.5.8 and later keep a watch that they ended so until it is cancelled, and tell the whole stream no progress meanwhile.
      if (end.kind === 'compacted') this.#connection.send(encodeWatchCancel(watch.id), false);
      this.#endOne(watch, end);
    } else if (response.events.length === 0 && watch.assembler.isComplete) {
      this.#tellProgress(watch, response.revision, true);
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

  #tellProgress(watch: Watch, revision: number, isPeriodic: boolean): void {
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
    // One by one: whoever hears of it may close others.
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
