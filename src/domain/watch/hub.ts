// Watches of callers, many over few upstream ones: who watches the same range, or one inside it, shares a topic. Each watcher gets every
// event of his range from his position on, in order, exactly once, whatever happens upstream.
import type { Identity } from '../../core/caller.js';
import type { WatchClient } from '../../etcd/watch/client.js';
import type { KeyRange } from '../../etcd/wire.js';
import type { BufferBudget } from './event-buffer.js';
import { Topic } from './topic.js';
import type { Watcher } from './topic.js';
import type { Position } from './position.js';

export interface HubDeps {
  readonly watches: WatchClient;
  /** Whether the answer to a progress request never runs ahead of the events that it covers: etcd 3.5.8 and newer. */
  readonly isProgressOrdered: () => boolean;
  /** False for keys that nobody is shown. */
  readonly isVisible: (key: Buffer) => boolean;
  /** Whether a watch from that revision on misses something; `key` is its first. Rejects when etcd cannot be read. */
  readonly isCompacted: (identity: Identity, key: Buffer, revision: number) => Promise<boolean>;
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
/** A topic outlives its last watcher: who polls, or was cut off, comes back at once and finds what happened meanwhile. */
const EMPTY_TOPIC_MS = 5_000;
const EMPTY_TOPICS_MAX = 100;

export class WatchHub {
  readonly #deps: HubDeps;
  readonly #budget: BufferBudget = { bytes: 0 };
  readonly #topics = new Set<Topic>();
  /** Those without a watcher, and what will end them. */
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

  /** Those who have not ended their watch, even if nothing comes any more. */
  get watchers(): number {
    return this.#watchers;
  }

  /** Gives what ends it. The watcher may hear a lot before this returns. */
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

  /** Ends all upstream watches without a word to their watchers. */
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
