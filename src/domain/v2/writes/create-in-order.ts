// POST: files and directories whose names are numbers that grow in the order of their creation, as queues want it.
import type { Caller } from '../../../core/caller.js';
import type { Compare } from '../../../etcd/wire.js';
import { Turnstile } from '../../contention/turnstile.js';
import { change } from './change.js';
import type { ChangeDeps, Changed } from './change.js';
import { nodeError } from '../errors.js';
import { bytesOf } from '../tree/path.js';
import { refuseFilesAbove, refuseReserved } from '../tree/checks.js';
import { creation } from './write-node.js';
import type { Creation } from './write-node.js';

const NAME_DIGITS = 20;
/** Every name of as many digits that a revision below 2^53 gives begins so. */
const NAMES_BEGIN = '0000';
const NAMES_END = '0001';

/** Creations in one directory that come through one gateway go one after the other: at once they would only send each other back. */
export class InOrderQueues {
  readonly #queues = new Map<string, { readonly turnstile: Turnstile; users: number }>();

  async pass<T>(directory: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(directory) ?? { turnstile: new Turnstile(1), users: 0 };
    this.#queues.set(directory, queue);
    queue.users++;
    try {
      return await queue.turnstile.pass(work);
    } finally {
      if (--queue.users === 0) this.#queues.delete(directory);
    }
  }
}

export interface InOrderDeps extends ChangeDeps {
  readonly queues: InOrderQueues;
}

/**
 * The name is the revision that the creation is expected to have. Others may write meanwhile, so that it can be lower than the index of
 * the answer, but never as low as that of a node which was there before, or came in between.
 */
export async function createInOrder(
  caller: Caller,
  deps: InOrderDeps,
  write: Creation,
): Promise<Changed> {
  return deps.queues.pass(write.path, () => changeInOrder(caller, deps, write));
}

async function changeInOrder(caller: Caller, deps: ChangeDeps, write: Creation): Promise<Changed> {
  const directory = write.path;
  return change(caller, deps, directory, (chain) => {
    const { node, header } = chain;
    refuseFilesAbove(chain);
    if (node.file !== undefined) throw nodeError('notADirectory', directory, header.revision);
    refuseReserved(deps, `${directory}/${NAMES_BEGIN}`);
    const next = header.revision + 1;
    const path = `${directory}/${String(next).padStart(NAME_DIGITS, '0')}`;
    const ancestors = directory === '' ? [] : [...chain.ancestors, node];
    const made = creation('create', { ...write, path }, { ...chain, ancestors });
    return { ...made, compare: [...made.compare, isNewest(directory, path, next)] };
  });
}

/** No key that sorts behind the name came in since its number was read. */
function isNewest(directory: string, path: string, revision: number): Compare {
  return {
    key: bytesOf(path),
    rangeEnd: bytesOf(`${directory}/${NAMES_END}`),
    result: '<',
    target: { kind: 'create', number: revision },
  };
}
