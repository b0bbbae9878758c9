// What operators and browsers ask beside: health, the cluster, the documents; each over a connection of its own that is closed after it.
import type { Caller } from '../caller.js';

const PATHS = ['/livez', '/readyz', '/v1/cluster', '/version', '/docs/', '/openapi/latchkey.json'];

export async function readOperations(caller: Caller): Promise<void> {
  const path = caller.random.pick(PATHS);
  await caller.call(path, 'GET', path);
}
