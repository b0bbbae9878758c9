// The dashboard in deploy/ asks for nothing that the gateway does not tell.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/process/metrics.js';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

const file = new URL('../../deploy/grafana-dashboard.json', import.meta.url);
const { panels, templating } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** Metric -> the labels that it has, as /metrics tells after a little of everything. */
const told = new Map<string, Set<string>>();
beforeAll(async () => {
  const metrics = createMetrics('1.2.3');
  metrics.requests.served('GET', '/v1/kv/{key}', '200', 1);
  metrics.calls.recordCall('/v3/kv/range', 'http://a:2379', 'answered', 1);
  metrics.calls.recordFailover('/v3/kv/range');
  metrics.shed('wait');
  const one = (): number => 1;
  metrics.observe({
    requestsInProgress: one,
    lockWaiters: one,
    lockHolds: one,
    streams: one,
    watchers: one,
    etcdWatches: one,
    etcdWatchStreams: one,
    cleanUps: one,
    isDraining: () => false,
  });
  const { text } = await metrics.expose();
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const known = told.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    told.set(name, known);
  }
});

const METRIC = /\b(?:latchkey|nodejs|process)_\w+/g;
/** What Prometheus itself adds to every sample. */
const TARGET_LABELS = ['job', 'instance'];

describe('the Grafana dashboard', () => {
  it('asks only for metrics that the gateway has', () => {
    const asked = [...new Set(expressions.flatMap((expr) => expr.match(METRIC) ?? []))];
    expect(asked.length).toBeGreaterThan(15);
    expect(asked.filter((name) => !told.has(name))).toEqual([]);
  });

  it("shows every metric that is the gateway's own", () => {
    const all = expressions.join('\n');
    const own = [...told.keys()].filter((name) => name.startsWith('latchkey_'));
    const families = new Set(own.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
    expect([...families].filter((name) => !all.includes(name))).toEqual([]);
  });

  it('selects and groups by labels that these metrics have', () => {
    for (const expr of expressions) {
      const metric = expr.match(METRIC)?.[0] ?? '';
      const selected = [...expr.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label]) => label);
      const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) =>
        list.split(', '),
      );
      const unknown = [...selected, ...grouped].filter(
        (label) => !TARGET_LABELS.includes(label ?? '') && !told.get(metric)?.has(label ?? ''),
      );
      expect(unknown, expr).toEqual([]);
    }
  });

  it('can be pointed at a data source, a job and an instance', () => {
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'job', 'instance']);
    for (const expr of expressions) expect(expr).toContain('job=~"$job", instance=~"$instance"');
  });

  it('has panels of their own number and place, and balanced brackets', () => {
    const numbers = panels.map(({ id }) => id);
    expect(new Set(numbers).size).toBe(numbers.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    for (const expr of expressions) {
      for (const [open, close] of ['()', '{}', '[]']) {
        expect(expr.split(open!).length, expr).toBe(expr.split(close!).length);
      }
    }
  });
});
