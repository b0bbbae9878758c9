import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/process/metrics.js';
import type { Metrics } from '../../../src/process/metrics.js';

async function linesOf(metrics: Metrics, start: string): Promise<string[]> {
  const { text } = await metrics.expose();
  return text.split('\n').filter((line) => line.startsWith(start));
}

describe('metrics', () => {
  it('count requests by method, route and status', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.requests.served('GET', '/v1/kv/{key}', '200', 0.002);
    metrics.requests.served('GET', '/v1/kv/{key}', '200', 0.2);
    metrics.requests.served('GET', '/v1/kv/{key}', '404', 0.002);
    expect(await linesOf(metrics, 'latchkey_http_request_duration_seconds_count')).toEqual([
      'latchkey_http_request_duration_seconds_count{method="GET",route="/v1/kv/{key}",status="200"} 2',
      'latchkey_http_request_duration_seconds_count{method="GET",route="/v1/kv/{key}",status="404"} 1',
    ]);
  });

  it('count calls to etcd by call, endpoint and result, and failovers by call', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.calls.recordCall('/v3/kv/range', 'http://a:2379', 'failed', 1);
    metrics.calls.recordFailover('/v3/kv/range');
    metrics.calls.recordCall('/v3/kv/range', 'http://b:2379', 'answered', 0.001);
    expect(await linesOf(metrics, 'latchkey_etcd_call_duration_seconds_count')).toEqual([
      'latchkey_etcd_call_duration_seconds_count{rpc="/v3/kv/range",endpoint="http://a:2379",result="failed"} 1',
      'latchkey_etcd_call_duration_seconds_count{rpc="/v3/kv/range",endpoint="http://b:2379",result="answered"} 1',
    ]);
    expect(await linesOf(metrics, 'latchkey_etcd_failovers_total{')).toEqual([
      'latchkey_etcd_failovers_total{rpc="/v3/kv/range"} 1',
    ]);
  });

  it('put endpoints past the hundredth under one label, however many DNS brings', async () => {
    const metrics = createMetrics('1.2.3');
    for (let i = 0; i < 150; i++) {
      metrics.calls.recordCall('/v3/kv/range', `http://10.0.0.${i}:2379`, 'answered', 0.001);
    }
    const lines = await linesOf(metrics, 'latchkey_etcd_call_duration_seconds_count');
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toMatch(/endpoint="others".* 50$/);
  });

  it('read the gauges when somebody asks', async () => {
    const metrics = createMetrics('1.2.3');
    let waiters = 1;
    const none = (): number => 0;
    metrics.observe({
      requestsInProgress: none,
      lockWaiters: () => waiters,
      lockHolds: none,
      streams: none,
      watchers: none,
      etcdWatches: none,
      etcdWatchStreams: none,
      cleanUps: none,
      isDraining: () => true,
    });
    expect(await linesOf(metrics, 'latchkey_lock_waiters ')).toEqual(['latchkey_lock_waiters 1']);
    waiters = 7;
    expect(await linesOf(metrics, 'latchkey_lock_waiters ')).toEqual(['latchkey_lock_waiters 7']);
    expect(await linesOf(metrics, 'latchkey_draining ')).toEqual(['latchkey_draining 1']);
  });

  it('tell the version, the memory and how late the event loop is', async () => {
    const { type, text } = await createMetrics('1.2.3').expose();
    expect(type).toContain('text/plain');
    expect(text).toContain('latchkey_info{version="1.2.3"} 1');
    for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds'])
      expect(text).toContain(`\n${name} `);
  });
});
