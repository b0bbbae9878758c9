// Multiplexes many watchers over few upstream watches. Watchers of the same range, or of ranges inside it, share a topic. Each watcher
// receives every event in its range from its position on, in order and exactly once, even if upstream watches break.
import type { Identity } from '../../core/caller.js';
import type { WatchClient } from '../../etcd/watch/client.js';
import type { KeyRange } from '../../etcd/wire.js';
import type { BufferBudget } from './event-buffer.js';
import { Topic } from './topic.js';
import type { Watcher } from './topic.js';
import type { Position } from './position.js';

export interface HubDeps {
  readonly watches: WatchClient;
  /** Whether the response to a progress request never precedes the events that it covers: etcd 3.5.8 and newer. */
  readonly isProgressOrdered: () => boolean;
  /** False for keys that no client is shown. */
  readonly isVisible: (key: Buffer) => boolean;
  /** Whether a watch from that revision on misses something; `key` is its first. Rejects when etcd cannot be read. */
  readonly isCompacted: (identity: Identity, key: Buffer, revision: number) => Promise<boolean>;
}

export interface HubRequest {
  readonly identity: Identity;
  readonly range: KeyRange;
  /** The watcher's position: it has everything up to there. Absent: it watches from now on. */
  readonly since?: Position | undefined;
  /** Events include the previous key-value pair. */
  readonly previous?: boolean | undefined;
}

/** How often idle topics request progress from etcd, so that idle watchers do not fall behind the compaction. */
const PROGRESS_EVERY_MS = 10_000;
/** A topic outlives its last watcher, so that clients that poll or reconnect find the events since. */
const EMPTY_TOPIC_MS = 5_000;
const EMPTY_TOPICS_MAX = 100;

export class WatchHub {
  readonly #deps: HubDeps;
  readonly #budget: BufferBudget = { bytes: 0 };
  readonly #topics = new Set<Topic>();
  /** Topics without watchers, with the timer that closes each. */
  readonly #empty = new Map<Topic, NodeJS.Timeout>();
  readonly #progress: NodeJS.Timeout;
  #watchers = 0;

  constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#progress = setInterval(() => {
      for (const topic of this.#topics) topic.requestProgress();
    }, PROGRESS_EVERY_MS);
    this.#progress.unref();
  }

  /** Upstream watches. */
  get topics(): number {
    return this.#topics.size;
  }

  /** Watchers that have not unsubscribed, including those whose watch ended. */
  get watchers(): number {
    return this.#watchers;
  }

  /** Returns the function that ends the watch. Callbacks may run before this returns. */
  watch(request: HubRequest, watcher: Watcher): () => void {
    const topic = this.#topicFor(request);
    clearTimeout(this.#empty.get(topic));
    this.#empty.delete(topic);
    const unwatch = topic.add(request.range, request.since, watcher);
    let isOver = false;
    this.#watchers++;
    return () => {
      if (!isOver) this.#watchers--;
      isOver = true;
      unwatch();
    };
  }

  /** Ends all upstream watches without notifying the watchers. */
  close(): void {
    clearInterval(this.#progress);
    for (const topic of [...this.#topics]) topic.close();
  }

  #topicFor({ identity, range, since, previous = false }: HubRequest): Topic {
    for (const topic of this.#topics) {
      if (topic.serves(identity, range, previous, since)) return topic;
    }
    const topic: Topic = new Topic(
      {
        ...this.#deps,
        budget: this.#budget,
        identity,
        range,
        previous,
        onEmpty: () => this.#emptied(topic),
        onClosed: () => this.#forget(topic),
      },
      since,
    );
    this.#topics.add(topic);
    return topic;
  }

  #emptied(topic: Topic): void {
    if (!this.#topics.has(topic)) return;
    if (this.#empty.size >= EMPTY_TOPICS_MAX) {
      topic.close();
      return;
    }
    const timer = setTimeout(() => topic.close(), EMPTY_TOPIC_MS);
    timer.unref();
    this.#empty.set(topic, timer);
  }

  #forget(topic: Topic): void {
    this.#topics.delete(topic);
    clearTimeout(this.#empty.get(topic));
    this.#empty.delete(topic);
  }
}
