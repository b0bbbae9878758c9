// Ports for processes that need a port before they start. They are below the ephemeral range, so no other connection or server gets one by
// chance between the check and its use, or while its process restarts.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/** Linux gives out 32768 to 60999, macOS 49152 to 65535. */
const PORT_MIN = 15_000;
const PORT_MAX = 32_000;
const CHECKS_MAX = 1_000;
const ATTEMPTS_MAX = 3;
/** The messages of Node and of etcd. */
const IN_USE = /EADDRINUSE|address already in use/;

const reserved = new Set<number>();

/** Returns `count` free ports on loopback that no other caller in this process receives. */
export async function reservePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let checks = 0; ports.length < count; checks++) {
    if (checks === CHECKS_MAX) throw new Error(`no ${count} free ports in ${CHECKS_MAX} checks`);
    const port = randomInt(PORT_MIN, PORT_MAX);
    if (reserved.has(port)) continue;
    reserved.add(port);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** Calls `start` with reserved ports, and again with others if one is in use. */
export async function withReservedPorts<Started>(
  count: number,
  start: (ports: readonly number[]) => Promise<Started>,
): Promise<Started> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await reservePorts(count));
    } catch (error) {
      const isTaken = error instanceof Error && IN_USE.test(error.message);
      if (!isTaken || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
