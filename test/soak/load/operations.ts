// Requests of operators and browsers: health, the cluster, the documents. Each uses a new connection.
import type { Caller } from '../caller.js';

const PATHS = ['/livez', '/readyz', '/v1/cluster', '/version', '/docs/', '/openapi/latchkey.json'];

export async function readOperations(caller: Caller): Promise<void> {
  const path = caller.random.pick(PATHS);
  await caller.call(path, 'GET', path);
}
