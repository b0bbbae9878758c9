// The error of embedded etcd. Its message is for the user who started the gateway, and complete without a stack.

export class EmbeddedEtcdError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'EmbeddedEtcdError';
  }
}

/** Returns one line for any error: a readable reason for system errors, else the first line of the message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const known = code === undefined ? undefined : SYSTEM_REASONS[code];
  if (known !== undefined) return `${known} (${code ?? ''})`;
  // An AggregateError of a failed connection (one entry per address) has no message of its own.
  const text = error.message === '' ? (code ?? error.name) : error.message;
  return text.split('\n', 1)[0] ?? text;
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory',
  EEXIST: 'a file of that name exists',
  ELOOP: 'it is a symbolic link, or its path is a loop of links',
  ENOSPC: 'the disk is full',
  ENOEXEC: 'it is not a program for this machine',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved now',
};
