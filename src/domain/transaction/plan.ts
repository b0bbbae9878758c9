// From a transaction as callers mean it to transactions as etcd has them. Three things need more than a translation: deletes and reads
// go around reserved keys; `value != x` is true of a missing key, where etcd says false to every comparison of a value; and a guard
// covers both branches. Each becomes a decision of its own: a tree of tests with the branches as leaves. Pure.
import { addSizes, sizeOfCompare, sizeOfRequest, ZERO } from './size.js';
import type { PlainRequest, Size } from './size.js';
import type { ResolvedGuard } from '../locks/guard.js';
import type { ReservedKeys } from '../reserved.js';
import type { Compare } from '../../etcd/wire.js';
import type { Branch, Comparison, Operation, PlainOperation, Transaction } from './operation.js';

export type Step =
  | {
      readonly kind: 'plain';
      readonly operation: PlainOperation;
      readonly requests: readonly PlainRequest[];
      readonly size: Size;
    }
  | { readonly kind: 'nested'; readonly plan: Test; readonly size: Size };

export interface Leaf {
  readonly kind: 'leaf';
  readonly verdict: 'success' | 'failure' | 'lost';
  readonly at: string;
  readonly steps: readonly Step[];
  /** Goes first, and tells whether it was the guard that failed. */
  readonly probe?: PlainRequest;
  readonly size: Size;
}

export interface Test {
  readonly kind: 'test';
  /** Where the caller wrote the comparisons. */
  readonly at: string;
  readonly compare: readonly Compare[];
  readonly yes: Decision;
  readonly no: Decision;
  readonly size: Size;
}

export type Decision = Test | Leaf;

/** Throws `reserved-prefix` with the place of the operation that it may not do. */
export function planOf(transaction: Transaction, reserved: ReservedKeys): Test {
  const at = `${transaction.at}/if`;
  const { comparisons } = transaction;
  for (const comparison of comparisons) reserved.refuseCompare(comparison, comparison.at);
  const success = leafOf('success', transaction.success, reserved);
  const failure = leafOf('failure', transaction.failure, reserved);
  // Of the opposite, `value = x`, a missing key makes what is wanted: false. It leads to the failure branch when it is true.
  const opposites = comparisons
    .filter(isOfMissingToo)
    .map((each) => ({ ...each, result: '=' }) as const);
  const others = comparisons.filter((each) => !isOfMissingToo(each));
  const decision = opposites.reduceRight<Decision>(
    (rest, opposite) => testOf(at, [opposite], failure, rest),
    success,
  );
  const isDecided = decision.kind === 'test' && others.length === 0;
  return isDecided ? decision : testOf(at, others, decision, failure);
}

/** `value != x` of one key. Of a range it stays etcd's: there every key, and at least one, differs. */
function isOfMissingToo({ target, result, rangeEnd }: Comparison): boolean {
  return target.kind === 'value' && result === '!=' && rangeEnd === undefined;
}

/**
 * The same under a guard that covers both branches. Where the failure branch writes nothing the guard is more comparisons, and the
 * probe tells afterwards which one failed; else it is a test around the whole.
 */
export function guardPlan(plan: Test, guard: ResolvedGuard): Test {
  const { at, compare, yes, no } = plan;
  if (no.kind === 'leaf' && no.verdict === 'failure' && !no.size.isWrite) {
    const size = addSizes([no.size, sizeOfRequest(guard.probe)]);
    return testOf(at, [...guard.compare, ...compare], yes, { ...no, probe: guard.probe, size });
  }
  const lost: Leaf = { kind: 'leaf', verdict: 'lost', at, steps: [], size: ZERO };
  return testOf(at, guard.compare, plan, lost);
}

function testOf(at: string, compare: readonly Compare[], yes: Decision, no: Decision): Test {
  const size = addSizes([...compare.map(sizeOfCompare), yes.size, no.size]);
  return { kind: 'test', at, compare, yes, no, size };
}

function leafOf(verdict: 'success' | 'failure', branch: Branch, reserved: ReservedKeys): Leaf {
  const steps = branch.operations.map((operation) => stepOf(operation, reserved));
  const size = addSizes(steps.map((step) => step.size));
  return { kind: 'leaf', verdict, at: branch.at, steps, size };
}

function stepOf(operation: Operation, reserved: ReservedKeys): Step {
  if (operation.kind === 'txn') {
    const plan = planOf(operation.transaction, reserved);
    return { kind: 'nested', plan, size: { ...plan.size, operations: plan.size.operations + 1 } };
  }
  const requests = requestsOf(operation, reserved);
  return { kind: 'plain', operation, requests, size: addSizes(requests.map(sizeOfRequest)) };
}

function requestsOf(operation: PlainOperation, reserved: ReservedKeys): PlainRequest[] {
  const { at } = operation;
  switch (operation.kind) {
    case 'put': {
      const { key, value, lease, previous } = operation;
      reserved.refuseWrite(key, at);
      return [{ kind: 'put', put: { key, value, lease, prevKv: previous } }];
    }
    case 'get': {
      const { limit, keysOnly, countOnly } = operation;
      return reserved
        .readable(operation.range, at)
        .map((range) => ({ kind: 'range', range: { ...range, limit, keysOnly, countOnly } }));
    }
    case 'delete': {
      const prevKv = operation.previous;
      return reserved
        .deletable(operation.range, at)
        .map((range) => ({ kind: 'deleteRange', deleteRange: { ...range, prevKv } }));
    }
  }
}
