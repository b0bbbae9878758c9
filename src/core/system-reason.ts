// Describes system errors for the user who starts the program.

const REASONS: Readonly<Record<string, string>> = {
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
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved now',
};

/** Returns one line for any error: a readable reason with the code for a system error, else the first line of the message. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const reason = code === undefined ? undefined : REASONS[code];
  if (reason !== undefined) return `${reason} (${code ?? ''})`;
  // An AggregateError of a failed connection (one entry per address) has no message of its own.
  const text = error.message === '' ? (code ?? error.name) : error.message;
  return text.split('\n', 1)[0] ?? text;
}
