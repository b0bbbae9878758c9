// TLS to etcd and to clients: trusted certificates, errors for others, and certificates that change at run time.
import { rename, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { CA, CLIENT, ELSEWHERE, EXPIRED, OTHER, RENEWED, SERVER } from '../support/certificates.js';
import { temporaryFolder } from '../support/fake-etcd.js';
import { send } from '../support/http-client.js';
import { reservePorts } from '../support/ports.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { eventually } from '../support/raw-router-server.js';
import { serveTlsProxy } from '../support/tls-proxy.js';

const etcd = inject('etcdEndpoint');
const ROTATED_LIMIT_MS = 15_000;

/** Writes texts into files of a folder that goes with the test; gives their paths. */
async function files<Name extends string>(
  texts: Record<Name, string>,
): Promise<Record<Name, string>> {
  const folder = await temporaryFolder();
  const paths = {} as Record<Name, string>;
  for (const name of Object.keys(texts) as Name[]) {
    paths[name] = join(folder, name);
    await writeFile(paths[name], texts[name]);
  }
  return paths;
}

async function start(
  args: string[],
  until: 'ready' | 'live' | 'nothing' = 'ready',
): Promise<Gateway> {
  const gateway = await spawnGateway({ args, until });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const put = (gateway: Gateway) =>
  send(gateway.baseUrl, 'PUT', '/v1/kv/tls', {
    headers: { 'content-type': 'application/json', 'request-timeout': '2' },
    body: '{"value":"v"}',
  });

describe('TLS to etcd', () => {
  it('F48: trusts certificates of the authority, sends its own certificate, and treats endpoints without a scheme as https', async () => {
    const { ca, cert, key } = await files({ ca: CA, ...CLIENT });
    const secure = await serveTlsProxy(etcd, { ...SERVER, ca: CA, requestCert: true });
    const endpoint = secure.endpoint.replace('https://', '');
    const gateway = await start([
      `--endpoints=${endpoint}`,
      `--cacert=${ca}`,
      `--cert=${cert}`,
      `--key=${key}`,
    ]);
    expect((await put(gateway)).status).toBe(200);
    expect(
      (await send(gateway.baseUrl, 'POST', '/v3/kv/range', { body: '{"key":"dGxz"}' })).status,
    ).toBe(200);
    expect(new Set(secure.shown).size).toBe(1);
  });

  it.each([
    ['another authority', { ca: OTHER, server: SERVER }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['a certificate that has expired', { ca: CA, server: EXPIRED }, 'CERT_HAS_EXPIRED'],
    [
      'a certificate of another name',
      { ca: CA, server: ELSEWHERE },
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    [
      'no certificate where etcd wants one',
      { ca: CA, server: { ...SERVER, ca: CA, requestCert: true, rejectUnauthorized: true } },
      'CERTIFICATE_REQUIRED',
    ],
  ])('F48: sends nothing with %s, and reports the reason', async (_, { ca, server }, word) => {
    const paths = await files({ ca });
    const secure = await serveTlsProxy(etcd, server);
    const gateway = await start([`--endpoints=${secure.endpoint}`, `--cacert=${paths.ca}`], 'live');
    const answer = await put(gateway);
    expect([answer.status, answer.json().code, answer.json().outcome]).toEqual([
      502,
      'etcd-refused',
      'not-applied',
    ]);
    expect(answer.json().detail).toContain(word);
    // S22: no endpoint in an answer.
    expect(answer.text).not.toContain(new URL(secure.endpoint).port);
  });

  it('reloads its certificates when they change, and keeps the previous ones while the new ones are invalid', async () => {
    const paths = await files({ ca: CA, ...CLIENT });
    const secure = await serveTlsProxy(etcd, { ...SERVER, ca: CA, requestCert: true });
    const gateway = await start([
      `--endpoints=${secure.endpoint}`,
      `--cacert=${paths.ca}`,
      `--cert=${paths.cert}`,
      `--key=${paths.key}`,
    ]);
    await writeFile(paths.key, 'nonsense');
    await eventually(
      () => gateway.output().includes('cannot load the new certificates for etcd'),
      ROTATED_LIMIT_MS,
    );
    expect((await put(gateway)).status).toBe(200);
    await writeFile(paths.cert, RENEWED.cert);
    await writeFile(paths.key, RENEWED.key);
    await eventually(
      () => gateway.output().includes('certificates for etcd were reloaded'),
      ROTATED_LIMIT_MS,
    );
    expect((await put(gateway)).status).toBe(200);
    expect(new Set(secure.shown).size).toBe(2);
  });

  it('does not start with unusable files, and names them', async () => {
    const gateway = await start(['--endpoints', etcd, '--cacert=/nonexistent/ca.pem'], 'nothing');
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toContain('/nonexistent/ca.pem');
    expect(gateway.output()).not.toMatch(/\n\s+at /);
  });
});

interface Seen {
  readonly status: number;
  readonly text: string;
  readonly serial: string;
}

function get(url: string, options: https.RequestOptions): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const request = https.get(url, { ca: CA, agent: false, ...options }, (response) => {
      const { serialNumber: serial } = (response.socket as TLSSocket).getPeerCertificate();
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, serial }));
    });
    request.on('error', reject);
  });
}

describe('TLS to clients', () => {
  async function startSecure(
    more: string[] = [],
  ): Promise<{ url: string; paths: { cert: string; key: string; ca: string }; gateway: Gateway }> {
    const paths = await files({ ca: CA, ...SERVER });
    const [port] = await reservePorts(1);
    const args = [
      `--listen=127.0.0.1:${port}`,
      '--endpoints',
      etcd,
      `--tls-cert=${paths.cert}`,
      `--tls-key=${paths.key}`,
    ];
    const gateway = await start(
      [...args, ...more.map((flag) => flag.replace('CA', paths.ca))],
      'nothing',
    );
    await eventually(() => gateway.output().includes('Latchkey serves on https://'), 30_000);
    return { url: `https://127.0.0.1:${port}`, paths, gateway };
  }

  it('serves https, and other certificates as soon as the files change', async () => {
    const { url, paths } = await startSecure();
    const before = await get(`${url}/readyz`, {});
    expect(before.status).toBe(200);
    for (const name of ['cert', 'key'] as const) {
      await writeFile(`${paths[name]}.new`, RENEWED[name]);
      await rename(`${paths[name]}.new`, paths[name]);
    }
    await eventually(
      async () => (await get(`${url}/readyz`, {})).serial !== before.serial,
      ROTATED_LIMIT_MS,
    );
  });

  it('requires client certificates if configured: without one only the probes are open', async () => {
    const { url } = await startSecure(['--tls-client-ca=CA']);
    expect((await get(`${url}/readyz`, {})).status).toBe(200);
    const refused = await get(`${url}/v1/kv/a`, {});
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([
      401,
      { code: 'unauthenticated' },
    ]);
    expect((await get(`${url}/v1/kv/nothing-here`, CLIENT)).status).toBe(404);
    const health = await spawnGateway({
      args: ['healthcheck', `--listen=${new URL(url).host}`, '--tls-cert=x', '--tls-key=y'],
      until: 'nothing',
    });
    expect(await health.ended).toBe(0);
  });
});
