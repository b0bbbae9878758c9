// A gateway with `--auth=tokens` in front of an etcd, and callers with API tokens of different scopes.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../src/core/secret.js';
import { FORM_TYPE } from './v2-client.js';
import { JSON_TYPE, send } from './http-client.js';
import type { Answer } from './http-client.js';
import { spawnGateway } from './processes.js';
import type { Gateway } from './processes.js';

export const SCOPES = {
  /** Has all rights to the keys of the application, at every API. */
  app: { prefixes: ['app/', '/app/'], rights: ['read', 'write', 'lock'] },
  reader: { prefixes: ['app/', '/app/'], rights: ['read'] },
  locker: { prefixes: ['app/'], rights: ['lock'] },
  everything: { prefixes: [''], rights: ['read', 'write', 'lock'] },
  admin: { prefixes: [''], rights: ['read', 'write', 'lock', 'admin'] },
} as const;

export type Holder = keyof typeof SCOPES;

export function bearer(holder: Holder): { authorization: string } {
  return { authorization: `Bearer ${tokenOf(holder)}` };
}

export function tokenOf(holder: Holder): string {
  return `token-of-the-${holder}-0123456789`;
}

export interface TokenGateway extends Gateway {
  readonly tokensFile: string;
  /** Sends a JSON body, or a form to the v2 API. */
  as(holder: Holder, method: string, path: string, body?: unknown): Promise<Answer>;
}

/** Writes the file of tokens into `folder`. */
export async function startTokenGateway(
  etcdEndpoint: string,
  folder: string,
): Promise<TokenGateway> {
  const tokensFile = join(folder, 'tokens.json');
  const list = Object.entries(SCOPES).map(([name, scope]) => ({
    name,
    sha256: sha256(tokenOf(name as Holder)).toString('hex'),
    ...scope,
  }));
  await writeFile(tokensFile, JSON.stringify(list));
  const gateway = await spawnGateway({
    args: ['--auth=tokens', `--tokens=${tokensFile}`, `--endpoints=${etcdEndpoint}`],
  });
  return Object.assign(gateway, {
    tokensFile,
    as(holder: Holder, method: string, path: string, body?: unknown) {
      const isForm = path.startsWith('/v2/keys');
      const text = isForm
        ? new URLSearchParams(body as Record<string, string> | undefined).toString()
        : JSON.stringify(body);
      return send(gateway.baseUrl, method, path, {
        headers: { ...bearer(holder), ...(body !== undefined && (isForm ? FORM_TYPE : JSON_TYPE)) },
        ...(body !== undefined && { body: text }),
      });
    },
  });
}
