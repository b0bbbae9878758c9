// All checks of the keys.
import type { KeyEvidence } from '../key-evidence.js';
import type { KeyViolation } from '../key-violation.js';
import { checkKeyResponses } from './responses.js';
import { checkDeletes } from './deletes.js';
import { checkReads } from './reads.js';
import { checkWrites } from './writes.js';

export function checkKeys(evidence: KeyEvidence): KeyViolation[] {
  return [
    ...checkWrites(evidence),
    ...checkDeletes(evidence),
    ...checkReads(evidence),
    ...checkKeyResponses(evidence),
  ];
}
