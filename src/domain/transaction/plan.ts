// Converts a transaction of `/v1/txn` to nested transactions of etcd: a tree of comparisons with the branches as leaves. Three things need
// more than a translation. Deletes and reads leave out reserved keys. `value != x` is true for a missing key, where etcd's comparison of a
// value is false. A guard covers both branches. Pure.
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
  | { readonly kind: 'nested'; readonly plan: CompareNode; readonly size: Size };

export interface BranchNode {
  readonly kind: 'branch';
  /** `lock-lost`: the guard does not hold. */
  readonly outcome: 'success' | 'failure' | 'lock-lost';
  readonly at: string;
  readonly steps: readonly Step[];
  /** The first operation of the branch; its result shows whether the guard failed. */
  readonly probe?: PlainRequest;
  readonly size: Size;
}

export interface CompareNode {
  readonly kind: 'compare';
  /** The pointer of the comparisons in the request. */
  readonly at: string;
  readonly compare: readonly Compare[];
  readonly success: PlanNode;
  readonly failure: PlanNode;
  readonly size: Size;
}

export type PlanNode = CompareNode | BranchNode;

/** Throws `reserved-prefix` with the pointer of the operation that is not allowed. */
export function createPlan(transaction: Transaction, reserved: ReservedKeys): CompareNode {
  const at = `${transaction.at}/if`;
  const { comparisons } = transaction;
  for (const comparison of comparisons) reserved.refuseCompare(comparison, comparison.at);
  const success = createBranchNode('success', transaction.success, reserved);
  const failure = createBranchNode('failure', transaction.failure, reserved);
  // The opposite comparison, `value = x`, is false for a missing key, as required. If it is true, the failure branch runs.
  const opposites = comparisons
    .filter(includesMissing)
    .map((each) => ({ ...each, result: '=' }) as const);
  const others = comparisons.filter((each) => !includesMissing(each));
  const node = opposites.reduceRight<PlanNode>(
    (rest, opposite) => createCompareNode(at, [opposite], failure, rest),
    success,
  );
  if (node.kind === 'compare' && others.length === 0) return node;
  return createCompareNode(at, others, node, failure);
}

/** `value != x` of one key. For a range etcd's own meaning applies: the range has a key, and every key differs. */
function includesMissing({ target, result, rangeEnd }: Comparison): boolean {
  return target.kind === 'value' && result === '!=' && rangeEnd === undefined;
}

/**
 * Returns the plan under a guard that covers both branches. If the failure branch writes nothing, the guard's comparisons are added to the
 * plan's, and the probe shows afterwards whether the guard failed. Otherwise the guard is a comparison around the whole plan.
 */
export function guardPlan(plan: CompareNode, guard: ResolvedGuard): CompareNode {
  const { at, compare, success, failure } = plan;
  if (failure.kind === 'branch' && failure.outcome === 'failure' && !failure.size.isWrite) {
    const size = addSizes([failure.size, sizeOfRequest(guard.probe)]);
    return createCompareNode(at, [...guard.compare, ...compare], success, {
      ...failure,
      probe: guard.probe,
      size,
    });
  }
  const lost: BranchNode = { kind: 'branch', outcome: 'lock-lost', at, steps: [], size: ZERO };
  return createCompareNode(at, guard.compare, plan, lost);
}

function createCompareNode(
  at: string,
  compare: readonly Compare[],
  success: PlanNode,
  failure: PlanNode,
): CompareNode {
  const size = addSizes([...compare.map(sizeOfCompare), success.size, failure.size]);
  return { kind: 'compare', at, compare, success, failure, size };
}

function createBranchNode(
  outcome: 'success' | 'failure',
  branch: Branch,
  reserved: ReservedKeys,
): BranchNode {
  const steps = branch.operations.map((operation) => stepOf(operation, reserved));
  const size = addSizes(steps.map((step) => step.size));
  return { kind: 'branch', outcome, at: branch.at, steps, size };
}

function stepOf(operation: Operation, reserved: ReservedKeys): Step {
  if (operation.kind === 'txn') {
    const plan = createPlan(operation.transaction, reserved);
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
