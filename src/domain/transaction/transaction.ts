// Runs transactions: comparisons, and one of two branches, at one revision. The JSON format is in http/v1/txn-body.ts.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { RequestOp, ResponseOp, TxnRequest, TxnResponse } from '../../etcd/wire.js';
import { createPlan, guardPlan } from './plan.js';
import type { BranchNode, CompareNode, PlanNode, Step } from './plan.js';
import { DEFAULT_LIMITS, requireWithinLimits } from './limits.js';
import type { TransactionLimits } from './limits.js';
import type { BranchResult, OperationResult, PlainOperation, Transaction } from './operation.js';
import { refuseOverlaps } from './overlaps.js';
import { resolveGuard } from '../locks/guard.js';
import type { Guard, GuardDeps, ResolvedGuard } from '../locks/guard.js';
import type { ReservedKeys } from '../reserved.js';

export interface TransactionDeps extends GuardDeps {
  readonly reserved: ReservedKeys;
  /** Default: the limits of etcd's default configuration. */
  readonly transactionLimits?: TransactionLimits;
}

export interface TransactionResult extends BranchResult {
  readonly revision: number;
}

/**
 * Applies the transaction as a whole or not at all. Throws `invalid-request` with the pointer of what etcd would reject, `reserved-prefix`,
 * `lock-lost` if the guard does not hold (neither branch is applied then), and `lease-not-found`.
 */
export async function transact(
  caller: Caller,
  deps: TransactionDeps,
  transaction: Transaction,
  guardedBy?: Guard,
): Promise<TransactionResult> {
  const limits = deps.transactionLimits ?? DEFAULT_LIMITS;
  const unguarded = createPlan(transaction, deps.reserved);
  requireWithinLimits(unguarded, limits);
  refuseOverlaps(transaction);
  const guard = guardedBy && (await resolveGuard(caller, deps, guardedBy));
  const plan = guard === undefined ? unguarded : guardPlan(unguarded, guard);
  if (guard !== undefined) requireWithinLimits(plan, limits);
  const response = await deps.etcd.txn(caller, toTxnRequest(plan));
  const { revision } = response.header;
  return { revision, ...readResult(plan, response, guard, revision) };
}

function toTxnRequest({ compare, success, failure }: CompareNode): TxnRequest {
  return { compare, success: toRequests(success), failure: toRequests(failure) };
}

function toRequests(node: PlanNode): readonly RequestOp[] {
  if (node.kind === 'compare') return [{ kind: 'txn', txn: toTxnRequest(node) }];
  const probes = node.probe === undefined ? [] : [node.probe];
  return [
    ...probes,
    ...node.steps.flatMap((step): readonly RequestOp[] =>
      step.kind === 'plain' ? step.requests : [{ kind: 'txn', txn: toTxnRequest(step.plan) }],
    ),
  ];
}

/** Follows etcd's path through the plan and returns the results of the branch that ran. */
function readResult(
  plan: CompareNode,
  { succeeded, responses }: Pick<TxnResponse, 'succeeded' | 'responses'>,
  guard: ResolvedGuard | undefined,
  revision: number,
): BranchResult {
  const node = succeeded ? plan.success : plan.failure;
  if (node.kind === 'branch') return readBranch(node, responses, guard, revision);
  return readResult(node, nested(responses[0]), guard, revision);
}

function readBranch(
  node: BranchNode,
  responses: readonly ResponseOp[],
  guard: ResolvedGuard | undefined,
  revision: number,
): BranchResult {
  if (node.outcome === 'lock-lost' && guard !== undefined) throw guard.createLockLost(revision);
  let next = 0;
  if (node.probe !== undefined) guard?.check(responses[next++], revision);
  const results = node.steps.map((step) => {
    const end = next + (step.kind === 'plain' ? step.requests.length : 1);
    const own = responses.slice(next, end);
    next = end;
    return readStep(step, own);
  });
  return { succeeded: node.outcome === 'success', results };
}

// A nested transaction of the client has no guard: the guard covers the outermost one.
function readStep(step: Step, responses: readonly ResponseOp[]): OperationResult {
  if (step.kind === 'plain') return readPlain(step.operation, responses);
  return { kind: 'txn', ...readResult(step.plan, nested(responses[0]), undefined, 0) };
}

/** An operation around reserved keys is several requests; their results are added up. */
function readPlain(operation: PlainOperation, responses: readonly ResponseOp[]): OperationResult {
  switch (operation.kind) {
    case 'put': {
      const [response] = responses;
      if (response?.kind !== 'put') throw mismatch();
      return { kind: 'put', previous: response.put.prevKv };
    }
    case 'get': {
      const ranges = responses.map((response) => {
        if (response.kind !== 'range') throw mismatch();
        return response.range;
      });
      const kvs = ranges.flatMap((range) => range.kvs).slice(0, operation.limit);
      const count = ranges.reduce((sum, range) => sum + range.count, 0);
      return {
        kind: 'get',
        kvs,
        count,
        isCutOff: operation.countOnly !== true && kvs.length < count,
      };
    }
    case 'delete': {
      const deletions = responses.map((response) => {
        if (response.kind !== 'deleteRange') throw mismatch();
        return response.deleteRange;
      });
      const deleted = deletions.reduce((sum, deletion) => sum + deletion.deleted, 0);
      return { kind: 'delete', deleted, previous: deletions[0]?.prevKvs[0] };
    }
  }
}

function nested(response: ResponseOp | undefined): TxnResponse {
  if (response?.kind !== 'txn') throw mismatch();
  return response.txn;
}

function mismatch(): GatewayError {
  return new GatewayError('etcd-refused', {
    detail:
      'etcd returned an invalid response: its results do not match the operations of the transaction',
    outcome: 'unknown',
  });
}
