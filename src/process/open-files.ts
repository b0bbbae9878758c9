// Divides the open files that the system allows this process between clients and etcd, so that clients never take the connections that
// renewals need.

/** Node's own files, the listening socket, certificates, tokens and logs. */
const OWN_FILES = 64;
/** Below this too few connections are left, and Node itself may fail to load the gateway. */
const OPEN_FILES_MIN = 160;
/** Raw calls, and the watch streams of single users. */
const RAW_AND_WATCHES_MAX = 4_352;

export interface ConnectionBudget {
  /** From clients. */
  readonly connectionsMax: number;
  /** Raw calls in progress at the same time. */
  readonly rawCallsMax: number;
  /** The part of the usual number of connections to etcd that the process may have. Above 0, at most 1. */
  readonly socketShare: number;
}

interface Wanted {
  readonly connectionsMax: number;
  readonly rawCallsMax: number;
  /** To all endpoints. */
  readonly socketsWanted: number;
}

/** The limit of open files; `undefined` where the system has none, or does not state it. Node raises the soft limit to the hard one. */
export function readOpenFilesMax(): number | undefined {
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft?: unknown } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}

/** Throws when the limit is too small to serve. */
export function divideOpenFiles(
  openFilesMax: number | undefined,
  wanted: Wanted,
): ConnectionBudget {
  const { connectionsMax, rawCallsMax, socketsWanted } = wanted;
  if (openFilesMax === undefined) return { connectionsMax, rawCallsMax, socketShare: 1 };
  if (openFilesMax < OPEN_FILES_MIN) {
    throw new Error(
      `the limit of open files is ${openFilesMax}: raise it to at least ${OPEN_FILES_MIN} (ulimit -n)`,
    );
  }
  const left = openFilesMax - OWN_FILES;
  const forEtcd = Math.min(Math.floor(left / 2), socketsWanted + RAW_AND_WATCHES_MAX);
  const forCalls = Math.min(Math.ceil(forEtcd / 2), socketsWanted);
  return {
    connectionsMax: Math.min(connectionsMax, left - forEtcd),
    rawCallsMax: Math.min(rawCallsMax, forEtcd - forCalls),
    socketShare: forCalls / socketsWanted,
  };
}
