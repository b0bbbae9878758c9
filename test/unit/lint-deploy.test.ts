// Each test makes one mistake in a copy of the container files, and the check reports it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHECKED = [
  'Dockerfile',
  '.dockerignore',
  'docker-compose.yml',
  'src/config/settings.ts',
  'src/config/access-settings.ts',
  'src/config/embedded-settings.ts',
  'src/embedded/release.ts',
];
const COPIED = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'tsconfig.json',
  'tsconfig.build.json',
];

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'latchkey-deploy-'));
  for (const name of [...CHECKED, ...COPIED, 'LICENSE', 'README.md', 'CHANGELOG.md']) {
    mkdirSync(dirname(join(copy, name)), { recursive: true });
    cpSync(join(ROOT, name), join(copy, name));
  }
  mkdirSync(join(copy, 'openapi'));
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});

function lint(): { status: number | null; problems: string[] } {
  const script = join(ROOT, 'scripts', 'lint-deploy.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, copy], {
    encoding: 'utf8',
    env: {},
  });
  return { status, problems: stderr.trim().split('\n') };
}

function lintWith(name: string, from: string | RegExp, to: string): string[] {
  const original = readFileSync(join(ROOT, name), 'utf8');
  const changed = original.replace(from, to);
  expect(changed).not.toBe(original);
  writeFileSync(join(copy, name), changed);
  try {
    const { status, problems } = lint();
    expect(status).toBe(1);
    return problems;
  } finally {
    writeFileSync(join(copy, name), original);
  }
}

describe('lint-deploy', { timeout: 30_000 }, () => {
  it('finds no problem in this repository', () => {
    expect(lint()).toEqual({ status: 0, problems: [''] });
  });

  it.each([
    ['an image without a fixed tag', /FROM node:24-slim$/m, 'FROM node:latest', 'no fixed tag'],
    ['a program that runs as root', 'USER node', 'USER root', 'USER is root'],
    [
      'a start through a shell',
      'ENTRYPOINT ["node", "dist/main.js"]',
      'ENTRYPOINT node dist/main.js',
      'exec form',
    ],
    ['another health check', '"healthcheck"]', '"--version"]', 'HEALTHCHECK does not run'],
    ['development packages in the last stage', 'npm ci --omit=dev', 'npm ci', 'npm ci --omit=dev'],
    [
      'a file that does not exist',
      'COPY openapi ',
      'COPY openapis ',
      'openapis is copied but does not exist',
    ],
    [
      'a secret in the image',
      'ENV NODE_ENV=production',
      'ENV ETCDCTL_PASSWORD=x',
      'a secret would stay',
    ],
    ['an unknown instruction', 'EXPOSE 8888', 'EXPOSES 8888', 'line '],
  ])('finds in the Dockerfile %s', (_what, from, to, problem) => {
    expect(lintWith('Dockerfile', from, to).join('\n')).toContain(problem);
  });

  it('finds a file that .dockerignore excludes', () => {
    expect(lintWith('.dockerignore', '!openapi\n', '')).toEqual([
      'Dockerfile: openapi is copied but .dockerignore excludes it',
    ]);
  });

  it.each([
    ['broken YAML', 'services:', 'services: [', 'docker-compose.yml'],
    ['a mistyped key', '    cap_drop:', '    cap_drops:', 'latchkey.cap_drops is not a known key'],
    ['a moving image', ':v3.6.14', ':latest', 'no fixed tag'],
    ['a different etcd than the gateway downloads', ':v3.6.14', ':v3.6.13', 'is not etcd 3.6.14'],
    [
      'a dependency on a missing service',
      'etcd3: { condition',
      'etcd4: { condition',
      'etcd4, which is not a service',
    ],
    ['an unknown condition', 'service_healthy', 'service_well', 'service_well is not a condition'],
    ['a health check without a command', 'test: [CMD, /usr', 'test: [/usr', 'runs no command'],
    ['a health check without an interval', 'interval: 5s', '', 'interval is not a duration'],
    ['an undeclared volume', /\n {2}etcd3:\n$/, '\n', 'the volume etcd3 is not declared'],
    ['an unused volume', /$/, '  etcd4:\n', 'no service uses the volume etcd4'],
    ['an undeclared network', '[etcd, front]', '[etcd, back]', 'the network back is not declared'],
    [
      'a port published on every address',
      '127.0.0.1:8888:8888',
      '8888:8888',
      'published beyond 127.0.0.1',
    ],
    ['a boolean without quotes', "'true'", 'true', 'put it in quotes'],
    ['a secret', 'LATCHKEY_LISTEN: ', 'ETCDCTL_USER: ', 'is a secret'],
    [
      'a member that is missing from the cluster',
      'etcd3=http://etcd3:2380',
      'etcd4=http://etcd4:2380',
      'ETCD_INITIAL_CLUSTER is not',
    ],
    [
      'a member with a different name',
      'ETCD_NAME: etcd2',
      'ETCD_NAME: etcd9',
      'not the name of its service',
    ],
    [
      'a member with the address of another',
      'CLIENT_URLS: http://etcd2:2379',
      'CLIENT_URLS: http://etcd1:2379',
      'at which it does not listen',
    ],
    [
      'a member that listens on another port',
      'PEER_URLS: http://0.0.0.0:2380',
      'PEER_URLS: http://0.0.0.0:2381',
      'advertises peer URLs',
    ],
    ['two members on one volume', "['etcd2:/var", "['etcd1:/var", 'shares its volume'],
    [
      'data outside of the volume',
      'ETCD_DATA_DIR: /var/lib/etcd',
      'ETCD_DATA_DIR: /data',
      'its data directory is not a volume',
    ],
    [
      'a setting that the gateway does not have',
      'LATCHKEY_ALLOWED_HOSTS',
      'LATCHKEY_HOSTS',
      'no such setting',
    ],
    [
      'a gateway that would not start',
      "ANONYMOUS: 'true'",
      "ANONYMOUS: 'false'",
      'would not start',
    ],
    [
      'a gateway that rejects its own name',
      'HOSTS: latchkey',
      'HOSTS: gateway',
      'do not name latchkey',
    ],
    ['a gateway with only two of the members', ',http://etcd3:2379', '', 'its endpoints are not'],
    [
      'a port on which the gateway does not listen',
      '127.0.0.1:8888:8888',
      '127.0.0.1:8888:8080',
      'publishes a port on which',
    ],
    [
      'a gateway that is killed while it drains',
      'period: 15s',
      'period: 10s',
      'before it has drained',
    ],
    [
      'a gateway that cannot reach etcd',
      '[etcd, front]',
      '[front]',
      'not on the network of the members',
    ],
  ])('finds in the compose file %s', (_what, from, to, problem) => {
    expect(lintWith('docker-compose.yml', from, to).join('\n')).toContain(problem);
  });
});
