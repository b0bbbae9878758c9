// The TCP ports at which a process listens, read out of Linux' /proc.
import { readFile, readdir, readlink } from 'node:fs/promises';

const STATE_LISTEN = '0A';

/** Sorted, each once. Only on Linux, and only for processes of this user. */
export async function listeningPorts(pid: number): Promise<number[]> {
  const inodes = new Set(await socketInodes(pid));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
  );
  const ports = tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const isOwn = state === STATE_LISTEN && inodes.has(inode);
      return isOwn ? [Number.parseInt(local.split(':').at(-1) ?? '', 16)] : [];
    }),
  );
  return [...new Set(ports)].sort((a, b) => a - b);
}

async function socketInodes(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')),
  );
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}
