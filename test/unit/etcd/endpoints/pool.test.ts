import { describe, expect, it } from 'vitest';
import { parseEndpoint } from '../../../../src/etcd/endpoint.js';
import { EndpointPool } from '../../../../src/etcd/endpoints/pool.js';
import type { EndpointEvent, EndpointRecord } from '../../../../src/etcd/endpoints/pool.js';
import { GatewayError } from '../../../../src/core/errors.js';

const A = 'http://a:2379';
const B = 'http://b:2379';
const C = 'http://c:2379';

function order(pool: EndpointPool): string {
  return pool
    .candidates()
    .map(({ hostname }) => hostname)
    .join('');
}

function firsts(pool: EndpointPool, calls: number): string {
  return Array.from({ length: calls }, () => order(pool)[0]).join('');
}

function endpoint(pool: EndpointPool, name: string): ReturnType<typeof parseEndpoint> {
  return pool.all.find(({ hostname }) => hostname === name)!;
}

function listing(name: string, priority = 0, weight = 1): EndpointRecord {
  return { endpoint: parseEndpoint(name), priority, weight };
}

function eventsOf(pool: EndpointPool): string[] {
  const events: string[] = [];
  pool.subscribe((event: EndpointEvent) =>
    events.push('endpoint' in event ? `${event.kind} ${event.endpoint.hostname}` : event.kind),
  );
  return events;
}

describe('the order of endpoints', () => {
  it('goes round', () => {
    const pool = new EndpointPool([A, B, C]);
    expect([order(pool), order(pool), order(pool), order(pool)]).toEqual([
      'abc',
      'bca',
      'cab',
      'abc',
    ]);
  });

  it('has those that are down at its end, not missing', () => {
    const pool = new EndpointPool([A, B, C]);
    pool.reportFailure(endpoint(pool, 'a'), 'unreachable');
    for (let i = 0; i < 4; i++) expect(order(pool)).toMatch(/^(bc|cb)a$/);
  });

  it('goes round among all when all are down', () => {
    const pool = new EndpointPool([A, B]);
    for (const each of pool.all) pool.reportFailure(each, 'unreachable');
    expect([order(pool), order(pool), order(pool)]).toEqual(['ab', 'ba', 'ab']);
  });

  it('keeps to priorities, and goes down to the next one when all of one are down', () => {
    const pool = new EndpointPool([]);
    pool.replace([listing('b', 20), listing('a', 10), listing('c', 20)]);
    expect([order(pool), order(pool)]).toEqual(['abc', 'acb']);
    pool.reportFailure(endpoint(pool, 'a'), 'unreachable');
    expect(firsts(pool, 4)).toBe('bcbc');
  });

  it('gives each its share of first places by weight, evenly spread', () => {
    const pool = new EndpointPool([]);
    pool.replace([listing('a', 0, 5), listing('b', 0, 1), listing('c', 0, 1)]);
    expect(firsts(pool, 14)).toBe('aabacaaaabacaa');
  });
});

describe('an endpoint that fails', () => {
  it('is ejected at once when it is gone, and only by three doubts in a row otherwise', () => {
    const pool = new EndpointPool([A, B]);
    const events = eventsOf(pool);
    const b = endpoint(pool, 'b');
    pool.reportFailure(b, 'transient');
    pool.reportFailure(b, 'transient');
    pool.reportSuccess(b);
    pool.reportFailure(b, 'transient');
    pool.reportFailure(b, 'transient');
    expect(events).toEqual([]);
    pool.reportFailure(b, 'transient');
    pool.reportFailure(endpoint(pool, 'a'), 'unreachable');
    expect(events).toEqual(['ejected b', 'ejected a', 'none-healthy']);
  });

  it('returns after two successes in a row', () => {
    const pool = new EndpointPool([A, B]);
    const a = endpoint(pool, 'a');
    pool.reportFailure(a, 'unreachable');
    const events = eventsOf(pool);
    pool.reportSuccess(a);
    pool.reportFailure(a, 'transient');
    pool.reportSuccess(a);
    expect(pool.stateOf(a)).toBe('ejected');
    pool.reportSuccess(a);
    expect([pool.stateOf(a), events]).toEqual(['healthy', ['recovered a']]);
  });
});

describe('endpoints that need proof', () => {
  it('get no call before they are proven', () => {
    const pool = new EndpointPool([A, B], { requiresVerification: true });
    expect(order(pool)).toBe('');
    pool.reportSuccess(endpoint(pool, 'a'));
    expect(order(pool)).toBe('');
    pool.markVerified(endpoint(pool, 'b'), '1');
    expect(order(pool)).toBe('b');
  });

  it('F44: get none ever when they belong to another cluster, until they belong to this one', () => {
    const pool = new EndpointPool([A, B], { requiresVerification: true });
    const events = eventsOf(pool);
    pool.markVerified(endpoint(pool, 'a'), '1');
    pool.markVerified(endpoint(pool, 'b'), '2');
    pool.reportFailure(endpoint(pool, 'a'), 'unreachable');
    expect([order(pool), pool.clusterId]).toEqual(['a', '1']);
    pool.markVerified(endpoint(pool, 'b'), '1');
    expect(order(pool)).toBe('ba');
    expect(events).toEqual([
      'verified a',
      'rejected b',
      'ejected a',
      'none-healthy',
      'none-healthy',
      'verified b',
    ]);
  });

  it('F44: are refused when an answer comes from another cluster', () => {
    const pool = new EndpointPool([A], { requiresVerification: true });
    const a = endpoint(pool, 'a');
    pool.markVerified(a, '1');
    expect([pool.checkCluster(a, '1'), pool.checkCluster(a, '2')]).toEqual([true, false]);
    expect(order(pool)).toBe('');
    expect(pool.unavailableReason().code).toBe('etcd-refused');
  });

  it('say why nobody can be asked: a passing reason as long as there is one', () => {
    const pool = new EndpointPool([A, B], { requiresVerification: true });
    const [a, b] = [endpoint(pool, 'a'), endpoint(pool, 'b')];
    expect(pool.unavailableReason().code).toBe('etcd-unavailable');
    pool.reject(a, new GatewayError('etcd-refused', { detail: 'not this one' }));
    expect(pool.unavailableReason().code).toBe('etcd-unavailable');
    pool.reportFailure(b, 'unreachable', new GatewayError('no-leader', { detail: 'no leader' }));
    expect(pool.unavailableReason().message).toBe('no leader');
    pool.reject(b, new GatewayError('etcd-refused', { detail: 'nor this one' }));
    expect(pool.unavailableReason().message).toBe('not this one');
  });
});

describe('another list', () => {
  it('keeps the health of those that stay, and drops the others', () => {
    const pool = new EndpointPool([A, B]);
    const a = endpoint(pool, 'a');
    pool.reportFailure(a, 'unreachable');
    const events = eventsOf(pool);
    pool.replace([listing('c'), listing('a')]);
    expect([pool.all.includes(a), pool.stateOf(a)]).toEqual([true, 'ejected']);
    expect(events).toEqual(['added c', 'removed b']);
    expect(order(pool)).toBe('ca');
  });

  it('takes nobody away before one of it is up', () => {
    const pool = new EndpointPool([A], { requiresVerification: true });
    pool.markVerified(endpoint(pool, 'a'), '1');
    pool.replace([listing('b'), listing('c')]);
    expect([order(pool), pool.all.length]).toEqual(['a', 2]);
    pool.markVerified(endpoint(pool, 'c'), '1');
    expect(order(pool)).toBe('c');
  });

  it('names each endpoint once', () => {
    const pool = new EndpointPool([A, A, 'a']);
    expect(pool.all).toHaveLength(1);
  });
});
