// Detects dead streams: after some time without a byte it sends a ping, and without a response it reports a timeout. Counts timer ticks
// instead of time, so a busy or suspended process does not blame the other side.

const TIMEOUT_TICKS = 5;

export interface StreamKeepaliveOptions {
  /** Silence after which `sendPing` is called. */
  readonly idleMs: number;
  /** Silence after a ping or another request after which `onTimeout` is called. */
  readonly timeoutMs: number;
  /** Writes a request to which the other side responds immediately. */
  sendPing(): void;
  onTimeout(): void;
}

export class StreamKeepalive {
  readonly #options: StreamKeepaliveOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #idleTicks: number;
  #silentTicks = 0;
  #isResponseDue = false;

  constructor(options: StreamKeepaliveOptions) {
    this.#options = options;
    const tickMs = options.timeoutMs / TIMEOUT_TICKS;
    this.#idleTicks = Math.ceil(options.idleMs / tickMs);
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Call it for all received data. */
  received(): void {
    this.#silentTicks = 0;
    this.#isResponseDue = false;
  }

  /** Call it after a request to which the other side responds immediately. */
  pingSent(): void {
    if (this.#isResponseDue) return;
    this.#isResponseDue = true;
    this.#silentTicks = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#silentTicks++;
    // The first tick may come right after the ping.
    if (this.#isResponseDue && this.#silentTicks > TIMEOUT_TICKS) {
      this.stop();
      this.#options.onTimeout();
    } else if (!this.#isResponseDue && this.#silentTicks >= this.#idleTicks) {
      this.#options.sendPing();
      this.pingSent();
    }
  }
}
