// Two gateways behind a load balancer, one of which is stopped: clients that follow the documented retries see no failure.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, it, onTestFinished } from 'vitest';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import type { Answer, Sent } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';

const CALLERS = 8;
const WAITERS = 6;
/** Of calls with both, then of calls while one drains, and of calls that are left to the other. */
const CALLS_BEFORE = 200;
const CALLS_AFTER = 200;

async function start(): Promise<Gateway> {
  const gateway = await spawnGateway({
    args: ['--endpoints', inject('etcdEndpoint'), '--caller-rate=100000'],
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** What a load balancer does: asks an instance that takes connections, each in its turn, and leaves one that is not ready. */
class Balancer {
  readonly failures: string[] = [];
  calls = 0;
  repeats = 0;
  #turn = 0;
  #instances: readonly Gateway[];

  constructor(instances: readonly Gateway[]) {
    this.#instances = instances;
  }

  /** As a client that comes again once when an answer has `Retry-After`. */
  async call(
    method: string,
    path: string,
    sent: Sent,
    expected: number,
  ): Promise<Answer | undefined> {
    this.calls += 1;
    let answer = await this.#ask(method, path, sent);
    const retryAfter = answer?.headers['retry-after'];
    if (answer?.status === 503 && retryAfter !== undefined) {
      this.repeats += 1;
      await pause(Number(retryAfter) * 1_000);
      answer = await this.#ask(method, path, sent);
    }
    if (answer?.status !== expected) {
      this.failures.push(`${method} ${path}: ${answer?.status ?? 'broken'} ${answer?.text ?? ''}`);
    }
    return answer;
  }

  async #ask(method: string, path: string, sent: Sent): Promise<Answer | undefined> {
    for (const instance of this.#inTurn()) {
      try {
        return await send(instance.baseUrl, method, path, sent);
      } catch (error) {
        // Refused, or closed before a byte was sent on it: the next one, and this one no more.
        if (!isUnsent(error)) return undefined;
        this.#instances = this.#instances.filter((each) => each !== instance);
      }
    }
    return undefined;
  }

  #inTurn(): Gateway[] {
    const first = this.#turn++ % this.#instances.length;
    return [...this.#instances.slice(first), ...this.#instances.slice(0, first)];
  }
}

function isUnsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
}

it('L8: of two instances one drains without a failed request, for clients that obey Retry-After once', async () => {
  const [leaving, staying] = [await start(), await start()];
  const balancer = new Balancer([leaving, staying]);
  const locks = lockClient(staying.baseUrl);
  const lock = newKey('lock');
  const { token } = await locks.hold200(lock, { owner: 'h', ttl: 60 });
  const waiting = Array.from({ length: WAITERS }, (_, i) =>
    balancer.call(
      'PUT',
      `/v1/locks/${lock}`,
      { headers: JSON_TYPE, body: JSON.stringify({ owner: `w${i}`, ttl: 60, wait: 60 }) },
      200,
    ),
  );
  await locks.untilQueued(lock, WAITERS);
  let isOver = false;
  onTestFinished(() => void (isOver = true));
  const caller = async (): Promise<void> => {
    while (!isOver) {
      const path = `/v1/kv/${newKey()}`;
      await balancer.call('PUT', path, { headers: BYTES_TYPE, body: 'v' }, 200);
      await balancer.call('GET', path, {}, 200);
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  await expect.poll(() => balancer.calls, { timeout: 90_000 }).toBeGreaterThan(CALLS_BEFORE);
  await leaving.kill('SIGTERM');
  expect(await leaving.ended).toBe(0);
  const calls = balancer.calls;
  await expect.poll(() => balancer.calls, { timeout: 90_000 }).toBeGreaterThan(calls + CALLS_AFTER);
  isOver = true;
  await Promise.all(callers);
  // Refused clients queue again at the other instance. Each client that acquires the lock releases it.
  await locks.untilQueued(lock, WAITERS);
  const served = waiting.map(async (answer) => {
    const turn = (await answer)?.json().token;
    await locks.releaseBy(lock, `?token=${turn}`);
  });
  await locks.releaseBy(lock, `?token=${token}`);
  await Promise.all(served);
  expect(balancer.failures).toEqual([]);
  expect(balancer.repeats).toBeGreaterThanOrEqual(WAITERS / 2);
}, 300_000);
