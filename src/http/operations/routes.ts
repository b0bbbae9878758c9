// The routes for monitoring: /livez and /readyz for load balancers and Kubernetes, /metrics for Prometheus.
// Probes come from any address, so /livez and /readyz are mounted before the Host and Origin checks, /metrics behind them.
import { Router } from 'express';
import type { Readiness } from './readiness.js';

export function createOperationsRouter(readiness: Readiness): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get('/livez', (_req, res) => {
    res.type('text/plain').end('ok\n');
  });
  router.get('/readyz', async (_req, res) => {
    await readiness.check();
    res.type('text/plain').end('ok\n');
  });
  return router;
}

export interface MetricsSource {
  /** Returns all metrics in the Prometheus text format, and its content type. */
  expose(): Promise<{ readonly type: string; readonly text: string }>;
}

export function createMetricsRouter(metrics: MetricsSource): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get('/metrics', async (_req, res) => {
    const { type, text } = await metrics.expose();
    res.setHeader('Content-Type', type);
    res.setHeader('Cache-Control', 'no-store');
    res.end(text);
  });
  return router;
}
