// The position of a watcher. `<revision>.<n>`: it received n events of that revision in its range. `<revision>`: it received all. Pure.
import { invalidRequest } from '../../core/errors.js';

export interface Position {
  readonly revision: number;
  /** Undefined: the watcher received the whole revision. */
  readonly events?: number | undefined;
}

const POSITION = /^(\d{1,16})(?:\.(\d{1,9}))?$/;
/** The revision of an empty store. In etcd a watch from 0 starts now. */
const FIRST_REVISION = 1;

/** Throws `invalid-request`; `field`: the name of the parameter. */
export function parsePosition(text: string, field: string): Position {
  const [, revisionText = '', eventsText] = POSITION.exec(text) ?? [];
  const revision = Number(revisionText);
  if (revisionText === '' || !Number.isSafeInteger(revision)) {
    throw invalidRequest(
      field,
      `${field} is ${JSON.stringify(text)}, not a revision or the id of an event`,
      'pass a revision, such as 41, or the id of an event, such as 41.3',
    );
  }
  return eventsText === undefined ? { revision } : { revision, events: Number(eventsText) };
}

export function formatPosition({ revision, events }: Position): string {
  return events === undefined ? String(revision) : `${revision}.${events}`;
}

/** Returns the first revision of which events may be missing. */
export function firstRevisionAfter({ revision, events }: Position): number {
  return Math.max(FIRST_REVISION, events === undefined ? revision + 1 : revision);
}

/** Whether a watcher at `position` received the n-th event of a revision. */
export function isBehind(position: Position, revision: number, n: number): boolean {
  if (revision !== position.revision) return revision < position.revision;
  return position.events === undefined || n <= position.events;
}
