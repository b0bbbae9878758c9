// An embedded etcd in this process, as the gateway starts it, ended with the test.
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
