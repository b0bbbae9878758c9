// Reads the OpenAPI documents from `openapi/`, which is next to both `src/` and `dist/`.
import { readFileSync } from 'node:fs';

export const DOCUMENT_NAMES = ['latchkey', 'etcd-v2', 'etcd-v3'] as const;

export type DocumentName = (typeof DOCUMENT_NAMES)[number];

/** Returns the YAML text of a document. Throws if the installation lacks it. */
export function readDocumentText(name: DocumentName): string {
  return readFileSync(new URL(`../../../openapi/${name}.yaml`, import.meta.url), 'utf8');
}

/** Returns all documents, for `/openapi`. */
export function readDocumentTexts(): Record<DocumentName, string> {
  return {
    latchkey: readDocumentText('latchkey'),
    'etcd-v2': readDocumentText('etcd-v2'),
    'etcd-v3': readDocumentText('etcd-v3'),
  };
}
