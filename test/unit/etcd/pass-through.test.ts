import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import { passThrough } from '../../../src/etcd/pass-through.js';
import type { EtcdClient } from '../../../src/etcd/client.js';
import { callerFor } from '../../support/caller.js';
import { recordingClient } from '../domain/rights/api-tokens/keyspace.js';

describe('passThrough', () => {
  it('returns the named methods of the client and no others', async () => {
    const { etcd, passed } = recordingClient();
    const rest: Pick<EtcdClient, 'alarms' | 'leaseLeases'> = passThrough(etcd, [
      'alarms',
      'leaseLeases',
    ]);
    expect(Object.keys(rest)).toEqual(['alarms', 'leaseLeases']);
    await rest.leaseLeases(callerFor());
    expect(passed).toEqual(['leaseLeases']);
  });
});

describe('S44: a decorator that spreads the client', () => {
  const filePath = fileURLToPath(
    new URL('../../../src/etcd/batching/batching.ts', import.meta.url),
  );

  it('is an error of the linter, whatever the variable is called', async () => {
    const code = [
      "import type { EtcdClient } from '../client.js';",
      'interface Deps { readonly etcd: EtcdClient; readonly keyClient: EtcdClient }',
      'export const a = (etcd: EtcdClient): EtcdClient => ({ ...etcd });',
      'export const b = (client: EtcdClient): EtcdClient => ({ ...client });',
      'export const c = (deps: Deps): EtcdClient => ({ ...deps.keyClient });',
      'export const d = (deps: Deps): Deps => ({ ...deps });',
    ];
    // Without type information, which this rule does not use, the linter starts fast.
    const linter = new ESLint({ overrideConfig: tseslint.configs.disableTypeChecked });
    const [result] = await linter.lintText(code.join('\n'), { filePath });
    const found = result?.messages.filter(({ ruleId }) => ruleId === 'no-restricted-syntax');
    expect(found?.map(({ line }) => line)).toEqual([3, 4, 5]);
  }, 60_000);
});
