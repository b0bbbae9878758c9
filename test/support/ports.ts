// Ports for processes that have to be told one before they start. They lie below those that the system gives to connections and to
// whoever asks for any port: between the look at one and its use, and while its process is restarted, nobody gets it by chance.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/** Linux gives out 32768 to 60999, macOS 49152 to 65535. */
const PORT_MIN = 15_000;
const PORT_MAX = 32_000;
const LOOKS_MAX = 1_000;
const ATTEMPTS_MAX = 3;
/** As node, and as etcd, call it. */
const IN_USE = /EADDRINUSE|address already in use/;

const given = new Set<number>();

/** `count` ports on loopback at which nobody listens, and which nobody else in this process is given. */
export async function takePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let look = 0; ports.length < count; look++) {
    if (look === LOOKS_MAX) throw new Error(`no ${count} free ports in ${LOOKS_MAX} looks`);
    const port = randomInt(PORT_MIN, PORT_MAX);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** Starts something on ports of its own; on others where one of them is taken all the same. */
export async function onOwnPorts<Started>(
  count: number,
  start: (ports: readonly number[]) => Promise<Started>,
): Promise<Started> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await takePorts(count));
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
