// Validates responses against the OpenAPI document during a run. Only the first ones of each kind, because validation is slow.
import { expectDocumentedResponse } from '../support/openapi-response.js';
import type { Reply } from './gateway-client.js';

const VALIDATED_OF_A_KIND = 3;

/** Returns how a response deviates from the document. Undefined if it does not, or if enough of its kind were validated. */
export type DocumentCheck = (operation: string, reply: Reply) => string | undefined;

export function createDocumentCheck(): DocumentCheck {
  const seen = new Map<string, number>();
  return (operation, reply) => {
    const kind = `${operation} ${reply.status}`;
    const count = seen.get(kind) ?? 0;
    seen.set(kind, count + 1);
    if (count >= VALIDATED_OF_A_KIND) return undefined;
    try {
      expectDocumentedResponse(operation, reply);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
}
