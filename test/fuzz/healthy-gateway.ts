// What is fuzzed: one gateway over one healthy etcd, both only for that.
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';

/** A busy machine is not a sick etcd: requests have time. */
const GATEWAY_ARGS = ['--log-level=silent', '--request-timeout=60'];

export async function withHealthyGateway<Result>(
  act: (parts: { member: Member; gateway: Gateway }) => Promise<Result>,
): Promise<Result> {
  const member = await startMember();
  let gateway: Gateway | undefined;
  try {
    gateway = await spawnGateway({ args: ['--endpoints', member.endpoint, ...GATEWAY_ARGS] });
    return await act({ member, gateway });
  } finally {
    await gateway?.stop();
    await member.stop();
  }
}
