// Tells a silent stream from a dead one: after a while without a byte it asks for a sign of life, and after another one gives up.
// It counts the ticks of a timer and not time, so that a process that was busy or suspended does not blame the other side.

const TICKS_TO_ANSWER = 5;

export interface StreamKeepaliveOptions {
  /** Silence after which `ask` is called. */
  readonly idleMs: number;
  /** Silence after a question, this one or another, after which `giveUp` is called. */
  readonly timeoutMs: number;
  /** Writes something that the other side answers at once. */
  sendPing(): void;
  onTimeout(): void;
}

export class StreamKeepalive {
  readonly #options: StreamKeepaliveOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #ticksToAsk: number;
  #silentTicks = 0;
  #isAnswerDue = false;

  constructor(options: StreamKeepaliveOptions) {
    this.#options = options;
    const tickMs = options.timeoutMs / TICKS_TO_ANSWER;
    this.#ticksToAsk = Math.ceil(options.idleMs / tickMs);
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Whatever comes in is a sign of life. */
  received(): void {
    this.#silentTicks = 0;
    this.#isAnswerDue = false;
  }

  /** Something was written that the other side answers at once. */
  pingSent(): void {
    if (this.#isAnswerDue) return;
    this.#isAnswerDue = true;
    this.#silentTicks = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#silentTicks++;
    // The first tick may come right after the question.
    if (this.#isAnswerDue && this.#silentTicks > TICKS_TO_ANSWER) {
      this.stop();
      this.#options.onTimeout();
    } else if (!this.#isAnswerDue && this.#silentTicks >= this.#ticksToAsk) {
      this.#options.sendPing();
      this.pingSent();
    }
  }
}
