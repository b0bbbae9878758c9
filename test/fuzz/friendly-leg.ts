// Requests out of openapi/latchkey.yaml: against a healthy etcd none of them gets a 5xx, and every answer is as the document says.
import type fc from 'fast-check';
import { loadDocument } from '../../src/http/contract/validate.js';
import { deviationsFrom, deviationsOfProblem } from '../support/openapi-response.js';
import { POOLS } from './pools.js';
import { requestsTo } from './request.js';
import type { FuzzRequest } from './request.js';
import { SchemaValues } from './schema-values.js';
import type { FuzzAnswer } from './sender.js';
import { describe, sendFuzz } from './sender.js';

const document = loadDocument('latchkey');
const values = new SchemaValues(document, POOLS);

export const friendlyRequests: fc.Arbitrary<FuzzRequest> = requestsTo(document, values, []);

export interface Verdict {
  /** For the counts: the operation and its status. */
  readonly operationId: string;
  readonly status: number | 'broken';
  /** What is wrong, as a sentence; undefined when nothing is. */
  readonly fault: string | undefined;
}

export async function tryFriendly(gateway: string, request: FuzzRequest): Promise<Verdict> {
  const { operationId } = request;
  const answer = await sendFuzz(gateway, request);
  if (answer === undefined) {
    const fault = `the connection broke: ${describe(request)}`;
    return { operationId, status: 'broken', fault };
  }
  const wrong = wrongIn(request, answer);
  const fault =
    wrong === undefined ? undefined : `${wrong}\n  in the answer to ${describe(request)}`;
  return { operationId, status: answer.status, fault };
}

function wrongIn(request: FuzzRequest, answer: FuzzAnswer): string | undefined {
  if (answer.status >= 500) return `${answer.status} ${answer.text}`;
  const deviations = deviationsIn(request, answer);
  return deviations.length === 0
    ? undefined
    : `${deviations.join('; ')} in ${answer.status} ${answer.text.slice(0, 500)}`;
}

function deviationsIn(
  { isAstray, operationId, method }: FuzzRequest,
  answer: FuzzAnswer,
): string[] {
  const isProblem = answer.headers['content-type']?.startsWith('application/problem+json') === true;
  if (isAstray) return isProblem && method !== 'HEAD' ? deviationsOfProblem(answer) : [];
  if (answer.isWhole) return deviationsFrom(operationId, answer);
  // Of what goes on, only the beginning can be held against the document, and that is no JSON.
  return isProblem
    ? ['a problem that does not end']
    : deviationsFrom(operationId, { ...answer, text: '' });
}
