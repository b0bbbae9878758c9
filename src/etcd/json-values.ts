// The values in etcd's JSON: int64 as strings, bytes as base64, omitted zero values, IDs in decimal. Every function except `parseObject`
// throws `etcd-refused` for values that etcd never sends.
import { GatewayError } from '../core/errors.js';

export type Json = Record<string, unknown>;

const EMPTY = Buffer.alloc(0);
const LEASE_HEX_DIGITS = 16;

/** Returns a lease ID for etcd's JSON: decimal digits in a string, because it may use 63 bits. */
export function decimalId(hex: string): string {
  return BigInt(`0x${hex}`).toString();
}

/** Returns an int64 that must fit a JavaScript number; etcd omits zeros. Throws `etcd-refused` instead of rounding. */
export function safeInteger(value: unknown): number {
  if (value === undefined) return 0;
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw invalidResponse(`${JSON.stringify(value)} is not an integer below 2^53`);
  }
  return number;
}

export function hexId(value: unknown): string | undefined {
  if (value === undefined || value === '0') return undefined;
  if (typeof value !== 'string' || !/^-?\d+$/.test(value))
    throw invalidResponse(`${JSON.stringify(value)} is not an ID`);
  return BigInt.asUintN(64, BigInt(value)).toString(16);
}

export function leaseId(value: unknown): string | undefined {
  return hexId(value)?.padStart(LEASE_HEX_DIGITS, '0');
}

export function base64(value: Buffer): string {
  return value.toString('base64');
}

export function bytes(value: unknown): Buffer {
  if (value === undefined) return EMPTY;
  if (typeof value !== 'string') throw invalidResponse('bytes are not a base64 string');
  return Buffer.from(value, 'base64');
}

export function asJson(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidResponse('an object is missing');
  return value as Json;
}

/** Returns the object in a body; `undefined` for anything else. */
export function parseObject(body: Buffer): Json | undefined {
  try {
    return asJson(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
}

export function list(value: unknown): Json[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidResponse('a list is missing');
  return value.map(asJson);
}

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function invalidResponse(detail: string): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: `etcd returned an invalid response: ${detail}`,
  });
}
