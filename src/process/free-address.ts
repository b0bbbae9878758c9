// Checks whether an address is free to listen on, before anything else starts. Another process can take it before it is used.
import { createServer } from 'node:net';
import { systemReason } from '../core/system-reason.js';

/** Returns `undefined` if the address is free, else one line with the address, the reason and the flag to change. */
export async function addressProblem(
  { host, port }: { readonly host: string; readonly port: number },
  flag: string,
): Promise<string | undefined> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    return cannotListen({ host, port }, flag, error);
  }
  await new Promise((resolve) => server.close(resolve));
  return undefined;
}

export function cannotListen(
  { host, port }: { readonly host: string; readonly port: number },
  flag: string,
  error: unknown,
): string {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `cannot listen on ${address}: ${systemReason(error)}; set another address with ${flag}`;
}
