// Each test makes one mistake in a copy of the manifests, and the check reports it.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Facts {
  readonly defaults: Map<string, string>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const script = (name: string): string => new URL(`../../scripts/${name}`, import.meta.url).href;

let kubernetesProblems: (root: string, facts: Facts) => string[];
let facts: Facts;
let copy: string;
beforeAll(async () => {
  ({ kubernetesProblems } = await import(script('lint-kubernetes.mjs')));
  facts = (await import(script('deploy-facts.mjs'))).readFacts(ROOT);
  copy = mkdtempSync(join(tmpdir(), 'latchkey-manifests-'));
  cpSync(join(ROOT, 'deploy'), join(copy, 'deploy'), { recursive: true });
});
afterAll(() => rmSync(copy, { recursive: true }));

function problemsWith(name: string, from: string | RegExp, to: string): string[] {
  const file = join(copy, 'deploy/kubernetes', name);
  const original = readFileSync(file, 'utf8');
  const changed = original.replace(from, to);
  expect(changed).not.toBe(original);
  writeFileSync(file, changed);
  try {
    return kubernetesProblems(copy, facts);
  } finally {
    writeFileSync(file, original);
  }
}

describe('the manifests of this repository', () => {
  it('have no problem', () => {
    expect(kubernetesProblems(ROOT, facts)).toEqual([]);
  });
});

describe('a manifest', () => {
  it.each([
    ['an unknown field', 'deployment.yaml', 'timeoutSeconds: 3', 'timeoutSecs: 3', /timeoutSecs/],
    [
      'an unknown field deep inside',
      'deployment.yaml',
      'runAsNonRoot',
      'runAsNotRoot',
      /runAsNotRoot/,
    ],
    ['a text for a number', 'deployment.yaml', 'replicas: 2', "replicas: '2'", /number/],
    [
      'a missing field',
      'disruption-budget.yaml',
      'minAvailable: 1',
      'minAvailable: {}',
      /IntOrString|string/,
    ],
    [
      'a kind that its group does not have',
      'service.yaml',
      'kind: Service',
      'kind: Servise',
      /no Servise in v1/,
    ],
    [
      'a removed version',
      'disruption-budget.yaml',
      'policy/v1',
      'policy/v1beta1',
      /no PodDisruptionBudget/,
    ],
    ['a duplicate field', 'service.yaml', 'spec:', 'spec: {}\nspec:', /unique/],
    [
      'a probe of another path',
      'deployment.yaml',
      'path: /readyz',
      'path: /livez',
      /readinessProbe/,
    ],
    [
      'a probe of a missing port',
      'deployment.yaml',
      '{ path: /livez, port: http }',
      '{ path: /livez, port: web }',
      /port web/,
    ],
    ['one replica', 'deployment.yaml', 'replicas: 2', 'replicas: 1', /replicas/],
    [
      'pods that the service does not select',
      'service.yaml',
      'selector: { app.kubernetes.io/name: latchkey }',
      'selector: { app: latchkey }',
      /selects no pod/,
    ],
    [
      'a budget that allows no eviction',
      'disruption-budget.yaml',
      'minAvailable: 1',
      'minAvailable: 2',
      /ever be evicted/,
    ],
    [
      'a setting that does not exist',
      'settings.yaml',
      'LATCHKEY_ALLOW_ANONYMOUS',
      'LATCHKEY_ALLOW_EVERYONE',
      /LATCHKEY_ALLOW_EVERYONE/,
    ],
    [
      'a service name that the gateway rejects with 421',
      'settings.yaml',
      /LATCHKEY_ALLOWED_HOSTS: .*/,
      'LATCHKEY_ALLOWED_HOSTS: gateway',
      /ALLOWED_HOSTS/,
    ],
    [
      'a shorter grace period than a drain takes',
      'deployment.yaml',
      'GracePeriodSeconds: 30',
      'GracePeriodSeconds: 20',
      /terminationGracePeriodSeconds/,
    ],
    ['no pause before SIGTERM', 'deployment.yaml', /lifecycle:[^]*$/, '', /preStop/],
    [
      'a file that kustomize does not apply',
      'kustomization.yaml',
      '  - service.yaml\n',
      '',
      /service.yaml is not among/,
    ],
    ['root', 'deployment.yaml', 'runAsNonRoot: true', 'runAsNonRoot: false', /root/],
    [
      'a CPU limit',
      'deployment.yaml',
      'limits: { memory: 1Gi }',
      "limits: { memory: 1Gi, cpu: '1' }",
      /CPU limit/,
    ],
  ])('with %s is found', (_what, name, from, to, message) => {
    const problems = problemsWith(name, from, to);
    expect(problems.join('\n')).toMatch(message);
  });
});
