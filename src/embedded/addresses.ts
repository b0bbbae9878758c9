// The addresses of an embedded etcd: by default unix sockets in a private folder. A web page can send requests to every TCP port on
// loopback, and etcd's JSON gateway accepts them. It cannot reach a socket file.
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { distrustOf } from './trust.js';

const TCP_HOST = '127.0.0.1';
// etcd 3.4 accepts only `unix://NAME:PORT`, and creates a file of that name in its working directory.
const CLIENT_SOCKET = 'client:0';
const PEER_SOCKET = 'peer:0';
/** Maximum bytes of a socket's path without the final NUL: `sun_path` of unix(7), and of macOS. */
const SOCKET_PATH_BYTES_MAX = process.platform === 'linux' ? 107 : 103;
/** A path that needs quotes neither in a shell nor in a URL nor in a list of endpoints. */
const PLAIN_PATH = /^[\w./:+~-]+$/;
const PRIVATE_MODE = 0o700;

export interface TcpAddress {
  /** An address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface EtcdAddresses {
  /** The endpoint for the gateway and for `etcdctl --endpoints=`. */
  readonly endpoint: string;
  /** For `http.request`. */
  readonly target: { readonly socketPath: string } | TcpAddress;
  readonly clientUrl: string;
  readonly listenPeerUrl: string;
  readonly advertisedPeerUrl: string;
  /** The folder of the sockets and etcd's working directory; `undefined` without sockets. */
  readonly socketFolder: string | undefined;
}

export interface AddressRequest {
  /** Absolute. */
  readonly dataDir: string;
  /** A unix socket by default. */
  readonly clientAddress: TcpAddress | undefined;
  /** On loopback; a unix socket by default, because a member alone has no peers. */
  readonly peerPort: number | undefined;
}

export function addressesOf({ dataDir, clientAddress, peerPort }: AddressRequest): EtcdAddresses {
  const folder = socketFolderOf(dataDir);
  const socketPath = join(folder, CLIENT_SOCKET);
  const tcpUrl = clientAddress === undefined ? undefined : tcpUrlOf(clientAddress);
  const peerUrl = `http://${TCP_HOST}:${peerPort ?? 0}`;
  const usesSockets = clientAddress === undefined || peerPort === undefined;
  return {
    endpoint: tcpUrl ?? `unix://${socketPath}`,
    target: clientAddress ?? { socketPath },
    clientUrl: tcpUrl ?? `unix://${CLIENT_SOCKET}`,
    listenPeerUrl: peerPort === undefined ? `unix://${PEER_SOCKET}` : peerUrl,
    // etcd stores it in its data. Data of releases that listened on TCP have the same.
    advertisedPeerUrl: peerUrl,
    socketFolder: usesSockets ? folder : undefined,
  };
}

/** Returns the same folder at every start: it depends only on the path of the data directory and on TMPDIR. */
function socketFolderOf(dataDir: string): string {
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const name = `latchkey-${process.geteuid?.() ?? 0}-${digest}`;
  const candidates = [join(dataDir, 'etcd-socket'), join(tmpdir(), name)];
  return candidates.find(isUsablePath) ?? join('/tmp', name);
}

function isUsablePath(folder: string): boolean {
  const path = join(folder, CLIENT_SOCKET);
  return PLAIN_PATH.test(path) && Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX;
}

function tcpUrlOf({ host, port }: TcpAddress): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Requires the data directory's lock. Throws if another user can change the folder, or if it cannot be made private. */
export function prepareSocketFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: PRIVATE_MODE });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  // Links are not followed: in a shared temporary folder another user may have made the link.
  const distrust = distrustOf(lstatSync(folder), 'folder');
  if (distrust !== undefined) throw new Error(`the folder of its sockets, ${folder}, ${distrust}`);
  // With a wide umask, other users could connect in a folder that they can enter.
  chmodSync(folder, PRIVATE_MODE);
  // Removes the sockets of an etcd that was killed: etcd 3.4 cannot listen while they exist.
  removeSockets(folder);
}

/** Requires the lock, after etcd has exited. Files that cannot be removed stay until the next start. */
export function removeSocketFolder(folder: string): void {
  try {
    removeSockets(folder);
    rmdirSync(folder);
  } catch {
    // The folder contains other files.
  }
}

function removeSockets(folder: string): void {
  for (const name of [CLIENT_SOCKET, PEER_SOCKET]) rmSync(join(folder, name), { force: true });
}
