// Where the OpenAPI documents lie: in `openapi/`, which stands beside `src/` and beside `dist/` alike.
import { readFileSync } from 'node:fs';

export const DOCUMENT_NAMES = ['latchkey', 'etcd-v2', 'etcd-v3'] as const;

export type DocumentName = (typeof DOCUMENT_NAMES)[number];

/** The YAML text of a document. Throws when the installation lacks it. */
export function readDocumentText(name: DocumentName): string {
  return readFileSync(new URL(`../../../openapi/${name}.yaml`, import.meta.url), 'utf8');
}

/** All of them, as the documentation door wants them. */
export function readDocumentTexts(): Record<DocumentName, string> {
  return {
    latchkey: readDocumentText('latchkey'),
    'etcd-v2': readDocumentText('etcd-v2'),
    'etcd-v3': readDocumentText('etcd-v3'),
  };
}
