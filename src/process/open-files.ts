// Divides the open files of this process between clients and etcd, so that clients never use the connections that renewals need.

/** Node's own files, the listening socket, certificates, tokens and logs. */
const OWN_FILES = 64;
/** With fewer files too few connections are left, and Node may fail to load the gateway. */
const OPEN_FILES_MIN = 160;
/** Requests of the raw v3 API, and the watch streams of single users. */
const RAW_AND_WATCHES_MAX = 4_352;

export interface ConnectionBudget {
  /** Connections from clients. */
  readonly connectionsMax: number;
  /** Concurrent requests of the raw v3 API. */
  readonly rawCallsMax: number;
  /** The share of the usual connections to etcd that the process may open. Above 0, at most 1. */
  readonly socketShare: number;
}

interface ConnectionRequest {
  readonly connectionsMax: number;
  readonly rawCallsMax: number;
  /** Connections to all endpoints. */
  readonly socketsWanted: number;
}

/** Returns the limit of open files; `undefined` if there is none or it is unknown. Node raises the soft limit to the hard limit. */
export function readOpenFilesMax(): number | undefined {
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft?: unknown } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}

/** Throws if the limit is too low for the gateway. */
export function divideOpenFiles(
  openFilesMax: number | undefined,
  requested: ConnectionRequest,
): ConnectionBudget {
  const { connectionsMax, rawCallsMax, socketsWanted } = requested;
  if (openFilesMax === undefined) return { connectionsMax, rawCallsMax, socketShare: 1 };
  if (openFilesMax < OPEN_FILES_MIN) {
    throw new Error(
      `the limit of open files is ${openFilesMax}; raise it to at least ${OPEN_FILES_MIN} (ulimit -n)`,
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
