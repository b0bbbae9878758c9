// Watches of callers, many over few upstream ones: who watches the same range, or one inside it, shares a topic. Each watcher gets every
// event of his range from his position on, in order, exactly once, whatever happens upstream.
import type { Identity } from '../caller.js';
import { containsRange } from '../etcd/range.js';
import type { WatchClient } from '../etcd/watch-client.js';
import type { KeyRange } from '../etcd/wire.js';
import { Topic } from './watch-topic.js';
import type { Watcher } from './watch-topic.js';
import type { Position } from './watch-position.js';

export interface HubDeps {
  readonly watches: WatchClient;
  /** Whether the answer to a progress request never runs ahead of the events that it covers: etcd 3.5.8 and newer. */
  readonly isProgressOrdered: () => boolean;
  /** False for keys that nobody is shown. */
  readonly isVisible: (key: Buffer) => boolean;
}

export interface HubRequest {
  readonly identity: Identity;
  readonly range: KeyRange;
  /** Where the watcher is: everything up to there is known to him. Absent: from now on. */
  readonly since?: Position | undefined;
  /** Events carry what was there before. */
  readonly previous?: boolean | undefined;
}

/** How often idle topics ask etcd how far they are, so that idle watchers do not fall behind compaction. */
const PROGRESS_EVERY_MS = 10_000;

export class WatchHub {
  readonly #deps: HubDeps;
  readonly #topics = new Set<Topic>();
  readonly #progress: NodeJS.Timeout;

  constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#progress = setInterval(() => {
      for (const topic of this.#topics) topic.requestProgress();
    }, PROGRESS_EVERY_MS);
    this.#progress.unref();
  }

  get topics(): number {
    return this.#topics.size;
  }

  /** Gives what ends it. The watcher may hear events before this returns. */
  watch(request: HubRequest, watcher: Watcher): () => void {
    const topic = this.#topicFor(request);
    return topic.add(request.range, request.since, watcher);
  }

  close(): void {
    clearInterval(this.#progress);
    for (const topic of this.#topics) topic.close();
  }

  #topicFor(request: HubRequest): Topic {
    for (const topic of this.#topics) if (this.#serves(topic, request)) return topic;
    const { identity, range, since, previous = false } = request;
    const topic: Topic = new Topic(
      { ...this.#deps, identity, range, previous, onEmpty: () => this.#topics.delete(topic) },
      since,
    );
    this.#topics.add(topic);
    return topic;
  }

  /** A topic serves who needs nothing that it does not have: his range, his rights, his past. */
  #serves(topic: Topic, { identity, range, since, previous = false }: HubRequest): boolean {
    if (topic.identity.key !== identity.key || (previous && !topic.previous)) return false;
    return containsRange(topic.range, range) && topic.remembers(since);
  }
}
