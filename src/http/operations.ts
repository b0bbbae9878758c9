// For machines that watch over this one: /livez and /readyz (load balancers, Kubernetes; before the gates, since probes come from
// anywhere) and /metrics (Prometheus; behind them).
import { Router } from 'express';
import { GatewayError } from '../errors.js';
import { GATEWAY_IDENTITY } from '../caller.js';
import type { Caller } from '../caller.js';

/** A probe that waits longer than this has its answer. */
const READY_TIMEOUT_MS = 2_000;

export interface Readiness {
  /** Resolves while the gateway can serve; throws the reason why not. Probes that come together share one look. */
  check(): Promise<void>;
}

export function createReadiness(deps: {
  /** Whether a quorum of etcd answers; throws what stands in the way. */
  readonly check: (caller: Caller) => Promise<void>;
  readonly isDraining: () => boolean;
}): Readiness {
  let running: Promise<void> | undefined;
  const look = (): Promise<void> => {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    const caller = {
      identity: GATEWAY_IDENTITY,
      signal: AbortSignal.timeout(READY_TIMEOUT_MS),
      deadline,
    };
    return deps.check(caller).finally(() => (running = undefined));
  };
  return {
    async check() {
      if (deps.isDraining())
        throw new GatewayError('shutting-down', {
          detail: 'the gateway is draining',
          retryAfterSeconds: 1,
        });
      await (running ??= look());
    },
  };
}

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

export interface Exposition {
  /** All numbers in Prometheus' text format, and its content type. */
  expose(): Promise<{ readonly type: string; readonly text: string }>;
}

export function createMetricsRouter(metrics: Exposition): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get('/metrics', async (_req, res) => {
    const { type, text } = await metrics.expose();
    res.setHeader('Content-Type', type);
    res.setHeader('Cache-Control', 'no-store');
    res.end(text);
  });
  return router;
}
