// A fault of a run, recorded for the checks.

export interface Fault {
  readonly kind:
    | 'member-killed'
    | 'member-paused'
    | 'replica-killed'
    | 'connections-cut'
    /** A single request between a gateway and etcd: its response was lost, or it was lost or delayed. */
    | 'request-disturbed';
  /** The member, the replica or the request. */
  readonly what: string;
  readonly from: number;
  /** Undefined while it lasts. */
  until?: number;
  /** The keys in a disturbed request. */
  readonly keys?: readonly string[];
}

/** Returns the count of each kind in words. */
export function faultsText(faults: readonly Fault[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ') || 'none';
}
