// Where a watcher is: `<revision>.<n>` = n events of that revision in his range are behind him; `<revision>` = all of it. Pure.
import { invalidRequest } from '../../core/errors.js';

export interface Position {
  readonly revision: number;
  /** Undefined: the whole revision is behind him. */
  readonly events?: number | undefined;
}

const POSITION = /^(\d{1,16})(?:\.(\d{1,9}))?$/;
/** The one of an empty store: to etcd a watch from 0 is one from now on. */
const FIRST_REVISION = 1;

/** Throws `invalid-request`; `field` is what the caller called it. */
export function parsePosition(text: string, field: string): Position {
  const [, revisionText = '', eventsText] = POSITION.exec(text) ?? [];
  const revision = Number(revisionText);
  if (revisionText === '' || !Number.isSafeInteger(revision)) {
    throw invalidRequest(
      field,
      `${field} is ${JSON.stringify(text)}`,
      'pass a revision, such as 41, or the id of an event, such as 41.3',
    );
  }
  return eventsText === undefined ? { revision } : { revision, events: Number(eventsText) };
}

export function formatPosition({ revision, events }: Position): string {
  return events === undefined ? String(revision) : `${revision}.${events}`;
}

/** The first revision of which something may be missing. */
export function firstRevisionAfter({ revision, events }: Position): number {
  return Math.max(FIRST_REVISION, events === undefined ? revision + 1 : revision);
}

/** Whether the n-th event of a revision lies behind who is at `position`. */
export function isBehind(position: Position, revision: number, n: number): boolean {
  if (revision !== position.revision) return revision < position.revision;
  return position.events === undefined || n <= position.events;
}
