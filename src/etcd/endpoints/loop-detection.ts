// Keeps a gateway from being its own etcd, directly or through others: whoever asks an endpoint who it is says which gateways the question has
// passed (RFC 9110 section 7.6.3), and a gateway that finds itself among them refuses it.
import { randomBytes } from 'node:crypto';

const PSEUDONYM = /\b1\.1 latchkey-([0-9a-f]{16})\b/g;
/** More than any sane chain; a header is not to grow without bound. */
const HOPS_MAX = 8;

/** Of this process; another one after a restart. */
export function newInstanceId(): string {
  return randomBytes(8).toString('hex');
}

/** The `Via` of a question that passes this gateway; `undefined` for requests that carry no such question. */
export function viaOnwards(via: string | undefined, instanceId: string): string | undefined {
  const passed = gatewaysIn(via);
  return passed.length === 0 ? undefined : [...passed, instanceId].map(pseudonymOf).join(', ');
}

export function viaOf(instanceId: string): string {
  return pseudonymOf(instanceId);
}

/** Whether the request has been here before, or has come too far to end well. */
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
