// An embedded etcd in this process, started like in the gateway. It is stopped when the test ends.
import { onTestFinished } from 'vitest';
import { startEmbeddedEtcd } from '../../src/embedded/etcd.js';
import type { EmbeddedEtcd, EmbeddedEtcdOptions } from '../../src/embedded/etcd.js';
import { findTestEtcd, testPath } from './etcd-versions.js';

export async function startEmbedded(
  dataDir: string,
  options: Partial<EmbeddedEtcdOptions> = {},
): Promise<EmbeddedEtcd> {
  const etcd = await startEmbeddedEtcd({
    dataDir,
    etcdBin: (await findTestEtcd()).file,
    downloadBaseUrl: 'http://127.0.0.1:1',
    path: testPath(),
    say: () => undefined,
    ...options,
  });
  onTestFinished(() => etcd.stop());
  return etcd;
}
