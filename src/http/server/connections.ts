// Bounds what each connection can make the gateway do: one request in progress, a bounded number of bytes that wait unparsed behind it, and a
// bounded number of heads that are incomplete. The next request starts when the response before it is over. Therefore every response has its
// socket from the start, and its `close` event always comes.
// Not for: the refusals of the parser (malformed-requests.ts). Uses parts of Node's HTTP server without documentation; connections.test.ts pins them.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';

/** llhttp's own number for "paused". Returned for a head, it stops the parser directly behind that head (Node 20.20, llhttp 8.1). */
const PARSER_PAUSED = 21;
export const PAUSED_CODE = 'HPE_PAUSED';

/** Of one connection. Beyond them the gateway stops reading; one read more may come on top. */
const UNPARSED_BYTES_MAX = 64 * 1024;
/**
 * How long the gateway may not read a connection, because it cannot notice meanwhile that the client is gone. Then the waiting bytes are
 * dropped, and the connection is closed behind its request in progress: a hold frees its lock within a second.
 */
const UNREAD_MS_MAX = 500;
/** Of all connections. A connection that exceeds them is closed behind its request in progress. */
const ALL_UNPARSED_BYTES_MAX = 64 * 1024 * 1024;
/** Of all connections. A head is at most 16 KiB long and costs up to 22 KB while it is incomplete. */
const INCOMPLETE_HEADS_MAX = 2_000;

/** `upgrade`: the request is CONNECT or asks for another protocol. */
type Head = IncomingMessage & { upgrade: boolean };

interface Parser {
  onIncoming: (req: Head, shouldKeepAlive: boolean) => number;
  resume(): void;
  readonly incoming: IncomingMessage | null;
  readonly constructor: { readonly kOnMessageBegin: number };
  [callback: number]: unknown;
}

export type HttpSocket = Socket & {
  readonly parser?: Parser | null;
  /** The response in progress. */
  readonly _httpMessage?: ServerResponse | null;
  /** Node itself has stopped reading. */
  readonly _paused?: boolean;
};

/** What Node adds to the errors of its parser. */
export interface ParserError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

export interface ConnectionLimits {
  readonly unparsedBytesMax: number;
  readonly allUnparsedBytesMax: number;
  readonly incompleteHeadsMax: number;
}

const LIMITS: ConnectionLimits = {
  unparsedBytesMax: UNPARSED_BYTES_MAX,
  allUnparsedBytesMax: ALL_UNPARSED_BYTES_MAX,
  incompleteHeadsMax: INCOMPLETE_HEADS_MAX,
};

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #states = new WeakMap<Socket, Connection>();
  /** Connections whose head is incomplete, the oldest first. */
  readonly #heads = new Set<HttpSocket>();
  #unparsedBytes = 0;

  constructor(server: Server, limits: Partial<ConnectionLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    const event = server instanceof https.Server ? 'secureConnection' : 'connection';
    // Node's own listener comes before and has made the parser.
    server.on(event, (socket: HttpSocket) => this.#watch(socket));
  }

  /** Keeps the bytes that the parser did not take because it is paused. */
  keep(socket: HttpSocket, error: ParserError): void {
    const state = this.#states.get(socket);
    if (state === undefined) return;
    this.#unparsedBytes += state.keep(error);
    if (this.#unparsedBytes > this.#limits.allUnparsedBytesMax) this.closeBehindRunning(socket);
    else if (state.bytes > this.#limits.unparsedBytesMax)
      state.pause(UNREAD_MS_MAX, () => this.closeBehindRunning(socket));
  }

  /** Closes the connection when the response in progress is over, and drops what waits behind it. */
  closeBehindRunning(socket: HttpSocket): void {
    const state = this.#states.get(socket);
    const running = socket._httpMessage;
    if (state === undefined || !running) {
      socket.destroySoon();
      return;
    }
    if (state.isLast) return;
    state.isLast = true;
    this.#unparsedBytes -= state.drop();
    // What comes now is dropped, but the end of the connection is noticed.
    socket.resume();
    if (!running.headersSent) running.shouldKeepAlive = false;
    running.once('close', () => socket.destroySoon());
  }

  #watch(socket: HttpSocket): void {
    const { parser } = socket;
    if (!parser) return;
    const state = new Connection(socket, parser);
    this.#states.set(socket, state);
    parser[parser.constructor.kOnMessageBegin] = () => this.#beginHead(socket);
    const accept = parser.onIncoming;
    parser.onIncoming = (req, shouldKeepAlive) => {
      this.#heads.delete(socket);
      const running = socket._httpMessage;
      if (!running) return accept(req, shouldKeepAlive);
      if (req.upgrade) {
        // The parser does not keep what follows. Node sets this to false too when the server switches no protocols.
        req.upgrade = false;
        this.closeBehindRunning(socket);
        return PARSER_PAUSED;
      }
      state.stopBehind(() => accept(req, shouldKeepAlive));
      running.once('close', () => {
        this.#unparsedBytes -= state.bytes;
        state.serveNext();
      });
      return PARSER_PAUSED;
    };
    socket.once('close', () => this.#heads.delete(socket));
  }

  #beginHead(socket: HttpSocket): void {
    this.#heads.add(socket);
    if (this.#heads.size <= this.#limits.incompleteHeadsMax) return;
    for (const oldest of this.#heads) {
      this.#heads.delete(oldest);
      this.#closeIncomplete(oldest);
      return;
    }
  }

  #closeIncomplete(socket: HttpSocket): void {
    if (socket._httpMessage) this.closeBehindRunning(socket);
    else socket.destroy();
  }
}

/** What waits on one connection behind the request in progress. */
class Connection {
  /** Nothing more is read into requests. */
  isLast = false;
  readonly #socket: HttpSocket;
  readonly #parser: Parser;
  /** Starts the request whose head is parsed. */
  #next: (() => number) | undefined;
  #unparsed: Buffer = EMPTY;
  #unread: NodeJS.Timeout | undefined;
  /** The parser has stopped within the bytes that it has now, not before them. */
  #isStopping = false;

  constructor(socket: HttpSocket, parser: Parser) {
    this.#socket = socket;
    this.#parser = parser;
  }

  get bytes(): number {
    return this.#unparsed.length;
  }

  stopBehind(next: () => number): void {
    this.#next = next;
    this.#isStopping = true;
  }

  /** Returns how many bytes it keeps now. */
  keep({ rawPacket = EMPTY, bytesParsed = 0 }: ParserError): number {
    const piece = this.#isStopping ? rawPacket.subarray(bytesParsed) : rawPacket;
    this.#isStopping = false;
    if (this.#next === undefined) {
      // Without a next request nothing resumes the parser. The last connection is closed anyway.
      if (!this.isLast) this.#socket.destroy();
      return 0;
    }
    this.#unparsed = compact(this.bytes === 0 ? piece : Buffer.concat([this.#unparsed, piece]));
    return piece.length;
  }

  /** Stops reading. `onLate` is called unless what waits is dropped or served before. */
  pause(timeoutMs: number, onLate: () => void): void {
    this.#socket.pause();
    this.#unread ??= setTimeout(onLate, timeoutMs);
  }

  /** Returns how many bytes it kept. */
  drop(): number {
    const { bytes } = this;
    clearTimeout(this.#unread);
    this.#unread = undefined;
    this.#unparsed = EMPTY;
    this.#next = undefined;
    return bytes;
  }

  serveNext(): void {
    const [next, unparsed] = [this.#next, this.#unparsed];
    this.drop();
    const socket = this.#socket;
    // After `Connection: close` no further request is carried out (RFC 9112 section 9.6).
    if (next === undefined || !socket.writable || socket.parser !== this.#parser) return;
    this.#parser.resume();
    // Not a request, or a socket that Node does not read: neither is expected here.
    if (next() !== 0 || socket._paused === true) {
      socket.destroy();
      return;
    }
    socket.resume();
    // Node's own listener gives it to the parser.
    socket.emit('data', unparsed.length === 0 ? EMPTY : unparsed);
  }
}

/** Not null, unlike the memory of `Buffer.alloc(0)`: the parser would take that for the end of the connection. */
const EMPTY: Buffer = Buffer.alloc(1).subarray(1);

/** Keeps no large buffer for a small part of it. */
function compact(bytes: Buffer): Buffer {
  return 2 * bytes.length < bytes.buffer.byteLength ? Buffer.from(bytes) : bytes;
}
