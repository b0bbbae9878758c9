// POST creates files and directories named by numbers that grow in the order of their creation, as queues need them.
import type { Caller } from '../../../core/caller.js';
import type { Compare } from '../../../etcd/wire.js';
import { Semaphore } from '../../semaphore.js';
import { nodeError } from '../errors.js';
import { rejectReserved, requireDirectoriesAbove } from '../tree/checks.js';
import { latin1Bytes } from '../tree/path.js';
import { applyChange } from './change.js';
import type { V2Result, WriteDeps } from './change.js';
import { planCreation } from './write-node.js';
import type { NodeCreation } from './write-node.js';

const NAME_DIGITS = 20;
/** Revisions are below 2^53, so that every generated name begins with these zeros. */
const NAMES_BEGIN = '0000';
const NAMES_END = '0001';

/** Runs creations in one directory one after another. Concurrent creations through one gateway would only make each other start again. */
export class InOrderQueues {
  readonly #queues = new Map<string, { readonly semaphore: Semaphore; users: number }>();

  async run<T>(directory: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(directory) ?? { semaphore: new Semaphore(1), users: 0 };
    this.#queues.set(directory, queue);
    queue.users++;
    try {
      return await queue.semaphore.run(work);
    } finally {
      if (--queue.users === 0) this.#queues.delete(directory);
    }
  }
}

export interface InOrderDeps extends WriteDeps {
  readonly queues: InOrderQueues;
}

/**
 * Creates a node in the directory `write.path`. Its name is the revision that the creation is expected to have. Because of concurrent
 * writes elsewhere, the name can be lower than the index in the response. It is always higher than the names of earlier nodes.
 */
export async function createInOrder(
  caller: Caller,
  deps: InOrderDeps,
  write: NodeCreation,
): Promise<V2Result> {
  const directory = write.path;
  return deps.queues.run(directory, () =>
    applyChange(caller, deps, directory, (snapshot) => {
      const { node, header } = snapshot;
      requireDirectoriesAbove(snapshot);
      if (node.file !== undefined) throw nodeError('notADirectory', directory, header.revision);
      rejectReserved(deps, `${directory}/${NAMES_BEGIN}`);
      const nextRevision = header.revision + 1;
      const path = `${directory}/${String(nextRevision).padStart(NAME_DIGITS, '0')}`;
      const ancestors = directory === '' ? [] : [...snapshot.ancestors, node];
      const planned = planCreation('create', { ...write, path }, { ...snapshot, ancestors });
      return { ...planned, compare: [...planned.compare, isNewest(directory, path, nextRevision)] };
    }),
  );
}

/** Fails if a key that sorts after the name was created since the revision was read. */
function isNewest(directory: string, path: string, revision: number): Compare {
  return {
    key: latin1Bytes(path),
    rangeEnd: latin1Bytes(`${directory}/${NAMES_END}`),
    result: '<',
    target: { kind: 'create', number: revision },
  };
}
