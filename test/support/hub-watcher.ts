// Records the calls of a hub watcher as strings that are easy to compare.
import type { GatewayError } from '../../src/core/errors.js';
import type { Delivery } from '../../src/domain/watch/delivery.js';
import type { Watcher } from '../../src/domain/watch/shared-watch.js';
import { formatPosition } from '../../src/domain/watch/position.js';
import type { Position } from '../../src/domain/watch/position.js';

export class HubWatcher implements Watcher {
  /** Whatever is called, in its order: `live 41`, `put a@42.1`, `delete a@43.1`, `progress 44`, `compacted 45`, `refused code`. */
  readonly heard: string[] = [];
  readonly deliveries: Delivery[] = [];
  /** One for each call. */
  readonly calls: (readonly Delivery[])[] = [];

  /** Without `live` and `progress`. */
  get events(): string[] {
    return this.heard.filter((word) => !/^(?:live|progress)/.test(word));
  }

  onLive(position: Position): void {
    this.heard.push(`live ${formatPosition(position)}`);
  }

  onEvents(deliveries: readonly Delivery[]): void {
    this.calls.push(deliveries);
    this.deliveries.push(...deliveries);
    this.heard.push(...deliveries.map(wordOf));
  }

  onProgress(revision: number): void {
    this.heard.push(`progress ${revision}`);
  }

  onCompacted(oldestRevision: number): void {
    this.heard.push(`compacted ${oldestRevision}`);
  }

  onReset(revision: number): void {
    this.heard.push(`reset ${revision}`);
  }

  onRefused(error: GatewayError): void {
    this.heard.push(`refused ${error.code}`);
  }
}

function wordOf({ event, n }: Delivery): string {
  return `${event.kind} ${event.kv.key.toString()}@${event.kv.modRevision}.${n}`;
}
