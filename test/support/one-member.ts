// One real etcd and one gateway for all files of the integration project. Each test uses its own keys and never clears the store.
import type { TestProject } from 'vitest/node';
import { startMember } from './etcd.js';
import { spawnGateway } from './processes.js';

declare module 'vitest' {
  export interface ProvidedContext {
    etcdEndpoint: string;
    gatewayUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const member = await startMember();
  const gateway = await spawnGateway({
    // A gateway on a busy machine refuses new waits. Only load.test.ts tests that.
    args: ['--endpoints', member.endpoint, '--log-level=warn', '--event-loop-delay=10'],
  }).catch(async (error: unknown) => {
    await member.stop();
    throw error;
  });
  project.provide('etcdEndpoint', member.endpoint);
  project.provide('gatewayUrl', gateway.baseUrl);
  return async () => {
    await gateway.stop();
    await member.stop();
  };
}
