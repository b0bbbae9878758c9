// Transactions: comparisons, and one of two branches, at one revision. Not here: what a transaction looks like in JSON.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { RequestOp, ResponseOp, TxnRequest, TxnResponse } from '../../etcd/wire.js';
import { guardPlan, planOf } from './plan.js';
import type { Decision, Leaf, Step, Test } from './plan.js';
import { DEFAULT_LIMITS, refuseTooMuch } from './limits.js';
import type { TransactionLimits } from './limits.js';
import type { OperationResult, PlainOperation, Transaction, Verdict } from './operation.js';
import { refuseOverlaps } from './overlaps.js';
import { resolveGuard } from '../locks/guard.js';
import type { Guard, GuardDeps, ResolvedGuard } from '../locks/guard.js';
import type { ReservedKeys } from '../reserved.js';

export interface TransactionDeps extends GuardDeps {
  readonly reserved: ReservedKeys;
  /** etcd's defaults unless said otherwise. */
  readonly transactionLimits?: TransactionLimits;
}

export interface Transacted extends Verdict {
  readonly revision: number;
}

/**
 * Runs it whole or not at all. Throws `invalid-request` with the place of what etcd would refuse, `reserved-prefix`, `lock-lost` when
 * the guard does not hold (nothing of either branch has happened then), `lease-not-found`.
 */
export async function transact(
  caller: Caller,
  deps: TransactionDeps,
  transaction: Transaction,
  guardedBy?: Guard,
): Promise<Transacted> {
  const limits = deps.transactionLimits ?? DEFAULT_LIMITS;
  const bare = planOf(transaction, deps.reserved);
  refuseTooMuch(bare, limits);
  refuseOverlaps(transaction);
  const guard = guardedBy && (await resolveGuard(caller, deps, guardedBy));
  const plan = guard === undefined ? bare : guardPlan(bare, guard);
  if (guard !== undefined) refuseTooMuch(plan, limits);
  const answer = await deps.etcd.txn(caller, toTxnRequest(plan));
  const { revision } = answer.header;
  return { revision, ...readAnswer(plan, answer, guard, revision) };
}

function toTxnRequest({ compare, yes, no }: Test): TxnRequest {
  return { compare, success: toRequests(yes), failure: toRequests(no) };
}

function toRequests(decision: Decision): readonly RequestOp[] {
  if (decision.kind === 'test') return [{ kind: 'txn', txn: toTxnRequest(decision) }];
  const probes = decision.probe === undefined ? [] : [decision.probe];
  return [
    ...probes,
    ...decision.steps.flatMap((step): readonly RequestOp[] =>
      step.kind === 'plain' ? step.requests : [{ kind: 'txn', txn: toTxnRequest(step.plan) }],
    ),
  ];
}

/** Goes the way through the plan that etcd went, and gives the results of the branch at its end. */
function readAnswer(
  plan: Test,
  { succeeded, responses }: Pick<TxnResponse, 'succeeded' | 'responses'>,
  guard: ResolvedGuard | undefined,
  revision: number,
): Verdict {
  const decision = succeeded ? plan.yes : plan.no;
  if (decision.kind === 'leaf') return readLeaf(decision, responses, guard, revision);
  return readAnswer(decision, nested(responses[0]), guard, revision);
}

function readLeaf(
  leaf: Leaf,
  responses: readonly ResponseOp[],
  guard: ResolvedGuard | undefined,
  revision: number,
): Verdict {
  if (leaf.verdict === 'lost' && guard !== undefined) throw guard.lost(revision);
  let next = 0;
  if (leaf.probe !== undefined) guard?.check(responses[next++], revision);
  const results = leaf.steps.map((step) => {
    const end = next + (step.kind === 'plain' ? step.requests.length : 1);
    const own = responses.slice(next, end);
    next = end;
    return readStep(step, own);
  });
  return { succeeded: leaf.verdict === 'success', results };
}

// Inside a caller's own nested transaction there is no guard: it stands around the outermost one.
function readStep(step: Step, responses: readonly ResponseOp[]): OperationResult {
  if (step.kind === 'plain') return readPlain(step.operation, responses);
  return { kind: 'txn', ...readAnswer(step.plan, nested(responses[0]), undefined, 0) };
}

/** One operation may have become several requests, around reserved keys: their answers are summed up. */
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
    detail: 'etcd answered garbage: its answers do not fit the operations of the transaction',
    outcome: 'unknown',
  });
}
