// Prevents that a gateway uses itself as etcd, directly or through other gateways. The `Via` header of a probe lists the gateways that it
// passed through (RFC 9110 section 7.6.3). A gateway that finds itself in the list rejects the probe.
import { randomBytes } from 'node:crypto';

const PSEUDONYM = /\b1\.1 latchkey-([0-9a-f]{16})\b/g;
/** More than any reasonable chain. Limits the size of the header. */
const HOPS_MAX = 8;

/** Returns an ID for this process; a restart creates another one. */
export function newInstanceId(): string {
  return randomBytes(8).toString('hex');
}

/** Returns the `Via` of a probe that this gateway passes on; `undefined` for a request that is not a probe. */
export function forwardedVia(via: string | undefined, instanceId: string): string | undefined {
  const passed = gatewaysIn(via);
  return passed.length === 0 ? undefined : [...passed, instanceId].map(pseudonymOf).join(', ');
}

export function viaOf(instanceId: string): string {
  return pseudonymOf(instanceId);
}

/** Returns whether the request passed through this gateway before, or through too many gateways. */
export function isLoop(via: string | undefined, instanceId: string): boolean {
  const passed = gatewaysIn(via);
  return passed.includes(instanceId) || passed.length >= HOPS_MAX;
}

function gatewaysIn(via = ''): string[] {
  return [...via.matchAll(PSEUDONYM)].flatMap(([, id]) => id ?? []);
}

function pseudonymOf(instanceId: string): string {
  return `1.1 latchkey-${instanceId}`;
}
