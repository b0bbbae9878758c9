// What was done to the system, for the checks to judge by.

export interface Fault {
  readonly kind:
    | 'member-killed'
    | 'member-paused'
    | 'replica-killed'
    | 'connections-cut'
    /** A single request between a gateway and etcd: its answer lost, itself lost, or late. */
    | 'request-disturbed';
  /** The member, the replica or the request. */
  readonly what: string;
  readonly from: number;
  /** Undefined while it lasts. */
  until?: number;
  /** Of a request, the keys that it names. */
  readonly keys?: readonly string[];
}

/** How many of each kind, in words. */
export function faultsText(faults: readonly Fault[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ') || 'none';
}
