// Limits each connection to one request in progress, a number of unparsed bytes after it, and all connections to a number of incomplete heads.
// The next request starts when the response before it ends. Therefore every response has its socket from the start, and always emits `close`.
// Requests that the parser rejects are in malformed-requests.ts. Uses undocumented parts of Node's HTTP server; connections.test.ts pins them.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';

/** llhttp's code for "paused". Returned for a head, it stops the parser directly after that head (Node 20.20, llhttp 8.1). */
const PARSER_PAUSED = 21;
export const PAUSED_CODE = 'HPE_PAUSED';

/** For one connection. Above this the gateway stops reading; one more read may already be on its way. */
const UNPARSED_BYTES_MAX = 64 * 1024;
/**
 * How long the gateway stops reading a connection. Meanwhile it cannot notice that the client disconnects. Then it drops the unparsed bytes
 * and closes the connection after the request in progress, so that a hold releases its lock within a second.
 */
const UNREAD_MS_MAX = 500;
/** For all connections together. A connection that exceeds this is closed after its request in progress. */
const ALL_UNPARSED_BYTES_MAX = 64 * 1024 * 1024;
/** For all connections together. A head is at most 16 KiB long and takes up to 22 KB of memory while it is incomplete. */
const INCOMPLETE_HEADS_MAX = 2_000;

/** `upgrade`: the request is CONNECT or requests another protocol. */
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
  /** Whether Node itself has stopped reading. */
  readonly _paused?: boolean;
};

/** An error of Node's parser. */
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
  /** Connections with an incomplete head, the oldest first. */
  readonly #heads = new Set<HttpSocket>();
  #unparsedBytes = 0;

  constructor(server: Server, limits: Partial<ConnectionLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    const event = server instanceof https.Server ? 'secureConnection' : 'connection';
    // Node's own listener runs first and creates the parser.
    server.on(event, (socket: HttpSocket) => this.#watch(socket));
  }

  /** Keeps the bytes that the paused parser did not take. */
  keep(socket: HttpSocket, error: ParserError): void {
    const state = this.#states.get(socket);
    if (state === undefined) return;
    this.#unparsedBytes += state.keep(error);
    if (this.#unparsedBytes > this.#limits.allUnparsedBytesMax) this.closeAfterCurrent(socket);
    else if (state.bytes > this.#limits.unparsedBytesMax)
      state.pause(UNREAD_MS_MAX, () => this.closeAfterCurrent(socket));
  }

  /** Closes the connection when the response in progress ends, and drops what was sent after it. */
  closeAfterCurrent(socket: HttpSocket): void {
    const state = this.#states.get(socket);
    const current = socket._httpMessage;
    if (state === undefined || !current) {
      socket.destroySoon();
      return;
    }
    if (state.isLast) return;
    state.isLast = true;
    this.#unparsedBytes -= state.drop();
    // Reading continues, so that the gateway notices a disconnect. The bytes are dropped.
    socket.resume();
    if (!current.headersSent) current.shouldKeepAlive = false;
    current.once('close', () => socket.destroySoon());
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
      const current = socket._httpMessage;
      if (!current) return accept(req, shouldKeepAlive);
      if (req.upgrade) {
        // The parser does not keep the bytes after this head. Node sets `upgrade` to false too if the server does not switch protocols.
        req.upgrade = false;
        this.closeAfterCurrent(socket);
        return PARSER_PAUSED;
      }
      state.queue(() => accept(req, shouldKeepAlive));
      current.once('close', () => {
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
    if (socket._httpMessage) this.closeAfterCurrent(socket);
    else socket.destroy();
  }
}

/** The next request of one connection and the unparsed bytes after it. */
class Connection {
  /** Whether the request in progress is the last one. */
  isLast = false;
  readonly #socket: HttpSocket;
  readonly #parser: Parser;
  /** Starts the next request, whose head is parsed. */
  #next: (() => number) | undefined;
  #unparsed: Buffer = EMPTY;
  #pauseTimer: NodeJS.Timeout | undefined;
  /** Whether the parser stopped within the bytes that it reports next, not before them. */
  #isStopping = false;

  constructor(socket: HttpSocket, parser: Parser) {
    this.#socket = socket;
    this.#parser = parser;
  }

  get bytes(): number {
    return this.#unparsed.length;
  }

  queue(next: () => number): void {
    this.#next = next;
    this.#isStopping = true;
  }

  /** Returns the number of bytes that it added. */
  keep({ rawPacket = EMPTY, bytesParsed = 0 }: ParserError): number {
    const piece = this.#isStopping ? rawPacket.subarray(bytesParsed) : rawPacket;
    this.#isStopping = false;
    if (this.#next === undefined) {
      // Without a next request nothing resumes the parser. A connection with `isLast` closes anyway.
      if (!this.isLast) this.#socket.destroy();
      return 0;
    }
    this.#unparsed = compact(this.bytes === 0 ? piece : Buffer.concat([this.#unparsed, piece]));
    return piece.length;
  }

  /** Stops reading. Calls `onTimeout` unless `drop` or `serveNext` runs first. */
  pause(timeoutMs: number, onTimeout: () => void): void {
    this.#socket.pause();
    this.#pauseTimer ??= setTimeout(onTimeout, timeoutMs);
  }

  /** Returns the number of bytes that it dropped. */
  drop(): number {
    const { bytes } = this;
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
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
    // Neither a rejected request nor a socket that Node does not read is expected here.
    if (next() !== 0 || socket._paused === true) {
      socket.destroy();
      return;
    }
    socket.resume();
    // Node's own listener passes the bytes to the parser.
    socket.emit('data', unparsed.length === 0 ? EMPTY : unparsed);
  }
}

/** Its memory is not null, unlike that of `Buffer.alloc(0)`, which the parser would take for the end of the connection. */
const EMPTY: Buffer = Buffer.alloc(1).subarray(1);

/** Copies a small part out of a large buffer, so that the large one can be freed. */
function compact(bytes: Buffer): Buffer {
  return 2 * bytes.length < bytes.buffer.byteLength ? Buffer.from(bytes) : bytes;
}
