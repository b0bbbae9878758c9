// Finds free TCP ports on loopback. Another process can use a port before its user does.
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * @param {number} count
 * @returns {Promise<number[]>} different ports that were free when this was called
 */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(
    servers.map(async (server) => {
      server.close();
      await once(server, 'close');
    }),
  );
  return ports;
}
