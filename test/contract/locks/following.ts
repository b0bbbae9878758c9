// GET …/events: the whole state at each change.
import { expect, it } from 'vitest';
import { newKey } from '../../support/new-key.js';
import { WITHIN_A_SECOND, clientsOf } from './target.js';
import type { Target } from './target.js';

const STATES_PER_SECOND_MAX = 10;

export function following(target: Target): void {
  it('sends the state of GET at once', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const free = await client.events(name);
    expect((await free.next()).data).toEqual({
      name,
      locked: false,
      holders: [],
      waiters: [],
      queueLength: 0,
    });
    free.close();
    await client.hold200(name, { owner: 'a', ttl: null });
    const held = await other.events(name);
    const { event, data } = await held.next();
    expect([event, data]).toEqual(['state', (await client.inspect(name)).json()]);
    held.close();
  });

  it('sends each change of holders and waiters, at every replica', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const streams = [
      await client.events(name),
      await client.events(name),
      await other.events(name),
    ];
    const latest = (): string[] =>
      streams.map(({ events }) => {
        const { holders, waiters } = events.at(-1)?.data ?? { holders: [], waiters: [] };
        return [...holders, '|', ...waiters].map((each) => each.owner ?? each).join(' ');
      });
    const shown = (text: string): Promise<void> =>
      expect.poll(latest, WITHIN_A_SECOND).toEqual(streams.map(() => text));
    const first = await client.hold200(name, { owner: 'a' });
    await shown('a |');
    const waiting = other.hold200(name, { owner: 'b', wait: 20 });
    await shown('a | b');
    await client.release(name, { token: first.token });
    await shown('b |');
    await other.release(name, { token: (await waiting).token });
    await shown('|');
    for (const stream of streams) stream.close();
  });

  it('sends at most ten states a second, and always the last one', async () => {
    const [client, other] = clientsOf(target);
    const name = newKey();
    const stream = await other.events(name);
    await stream.next();
    const startedAt = performance.now();
    for (let i = 0; i < 25; i++) {
      const { token } = await client.hold200(name, { owner: 'a' });
      await client.release(name, { token });
    }
    const last = (await client.hold200(name, { owner: 'a' })).fencingToken;
    await expect
      .poll(() => stream.events.at(-1)?.data.holders[0]?.fencingToken, WITHIN_A_SECOND)
      .toBe(last);
    const seconds = (performance.now() - startedAt) / 1000;
    // One extra state for the first one, which was received before the clock was read.
    expect(stream.events.length).toBeLessThanOrEqual(seconds * STATES_PER_SECOND_MAX + 2);
    stream.close();
  });
}
