// A DNS server on loopback that serves SRV and A records from a table, or does not respond: RFC 1035 over UDP, one question per message.
import { createSocket } from 'node:dgram';
import { onTestFinished } from 'vitest';

export interface SrvTarget {
  readonly name: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
}

/** The response for a name: its SRV targets or IPv4 addresses, no records, or no response. */
type DnsAnswer = readonly SrvTarget[] | readonly string[] | 'silence';

export interface DnsServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** The queries so far, with names in lower case: `SRV a.test`. */
  readonly asked: readonly string[];
  /** Replaces the table. Names that are not in it do not exist. */
  answer(name: string, answer: DnsAnswer | undefined): void;
}

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA', 33: 'SRV' };
const HEADER_BYTES = 12;
const TTL_SECONDS = 1;
const NAME_ERROR = 3;

/** Serves until the test ends. */
export async function serveDns(): Promise<DnsServer> {
  const table = new Map<string, DnsAnswer>();
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, end } = readName(query, HEADER_BYTES);
    const type = query.readUInt16BE(end);
    asked.push(`${TYPES[type] ?? type} ${name}`);
    const answer = table.get(name);
    if (answer === 'silence') return;
    const records = (answer ?? []).flatMap((each) => record(each, type));
    const question = query.subarray(HEADER_BYTES, end + 4);
    const head = Buffer.alloc(HEADER_BYTES);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8580 | (answer === undefined ? NAME_ERROR : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([head, question, ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    answer(name, answer) {
      if (answer === undefined) table.delete(name);
      else table.set(name, answer);
    },
  };
}

function record(answer: SrvTarget | string, type: number): Buffer[] {
  if (typeof answer === 'string') {
    return TYPES[type] === 'A' ? [withHead(type, Buffer.from(answer.split('.').map(Number)))] : [];
  }
  if (TYPES[type] !== 'SRV') return [];
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(answer.priority ?? 0, 0);
  numbers.writeUInt16BE(answer.weight ?? 1, 2);
  numbers.writeUInt16BE(answer.port, 4);
  return [withHead(type, Buffer.concat([numbers, writeName(answer.name)]))];
}

function withHead(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  // A pointer to the name in the question.
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(TTL_SECONDS, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function readName(bytes: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function writeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const parts = labels.map((label) =>
    Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]),
  );
  return Buffer.concat([...parts, Buffer.from([0])]);
}
