// Holds answers against the OpenAPI document while something else is going on: the first ones of each kind, since each takes a while.
import { expectDocumentedResponse } from '../support/openapi-response.js';
import type { Reply } from './door.js';

const VALIDATED_OF_A_KIND = 3;

/** What is not as the document says, in an answer to that operation; undefined when nothing is, or enough of its kind were looked at. */
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
