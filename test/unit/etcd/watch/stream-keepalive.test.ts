import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StreamKeepalive } from '../../../../src/etcd/watch/stream-keepalive.js';

const IDLE_MS = 1_000;
const ANSWER_MS = 500;

const ask = vi.fn();
const giveUp = vi.fn();

describe('an idle probe', () => {
  let probe: StreamKeepalive;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.clearAllMocks();
    probe = new StreamKeepalive({
      idleMs: IDLE_MS,
      timeoutMs: ANSWER_MS,
      sendPing: ask,
      onTimeout: giveUp,
    });
  });

  afterEach(() => {
    probe.stop();
    vi.useRealTimers();
  });

  it('asks once after so much silence, not before', () => {
    vi.advanceTimersByTime(IDLE_MS - 1);
    expect(ask).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ask).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(ANSWER_MS - 1);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('gives up once when its question stays without an answer', () => {
    vi.advanceTimersByTime(IDLE_MS + ANSWER_MS);
    expect(giveUp).not.toHaveBeenCalled();
    vi.advanceTimersByTime(ANSWER_MS);
    expect(giveUp).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(10 * IDLE_MS);
    expect(giveUp).toHaveBeenCalledTimes(1);
  });

  it('neither asks nor gives up while something comes in', () => {
    for (let i = 0; i < 100; i++) {
      vi.advanceTimersByTime(IDLE_MS / 2);
      probe.received();
    }
    expect(ask).not.toHaveBeenCalled();
    expect(giveUp).not.toHaveBeenCalled();
  });

  it('asks again and again while each question is answered', () => {
    for (let i = 1; i <= 5; i++) {
      vi.advanceTimersByTime(IDLE_MS);
      expect(ask).toHaveBeenCalledTimes(i);
      probe.received();
    }
    expect(giveUp).not.toHaveBeenCalled();
  });

  it('gives up on a question of somebody else without waiting for silence first', () => {
    probe.pingSent();
    vi.advanceTimersByTime(2 * ANSWER_MS);
    expect(giveUp).toHaveBeenCalledTimes(1);
    expect(ask).not.toHaveBeenCalled();
  });

  it('counts from the first of several questions', () => {
    for (let i = 0; i < 6; i++) {
      probe.pingSent();
      vi.advanceTimersByTime(ANSWER_MS / 4);
    }
    expect(giveUp).toHaveBeenCalledTimes(1);
  });

  it('does nothing once it was stopped', () => {
    probe.stop();
    vi.advanceTimersByTime(10 * IDLE_MS);
    expect(ask).not.toHaveBeenCalled();
  });
});

it('does not blame the other side for a time in which this process was busy', async () => {
  vi.clearAllMocks();
  const probe = new StreamKeepalive({
    idleMs: 1_000,
    timeoutMs: 100,
    sendPing: ask,
    onTimeout: giveUp,
  });
  probe.pingSent();
  const until = performance.now() + 500;
  while (performance.now() < until);
  await pause(1);
  expect(giveUp).not.toHaveBeenCalled();
  probe.received();
  probe.stop();
});
