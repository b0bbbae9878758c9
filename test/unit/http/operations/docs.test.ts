// The documentation door on a bare Express app: files, headers, and what it keeps back. What a browser makes of it: test/browser.
import { runInNewContext } from 'node:vm';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { NextFunction, Request, Response } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { GatewayError } from '../../../../src/core/errors.js';
import { createDocsRouter } from '../../../../src/http/operations/docs.js';
import {
  DOCUMENT_NAMES,
  readDocumentText,
  readDocumentTexts,
} from '../../../../src/http/contract/openapi-files.js';

const server = http.createServer(createApp());
let baseUrl = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function createApp(): express.Express {
  const app = express();
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.use(createDocsRouter({ documents: readDocumentTexts() }));
  app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    if (!(error instanceof GatewayError)) {
      next(error);
      return;
    }
    res.status(error.status).set(error.headers).end(error.code);
  });
  return app;
}

function get(path: string, init: RequestInit = {}): Promise<globalThis.Response> {
  return fetch(`${baseUrl}${path}`, { redirect: 'manual', ...init });
}

/** As a browser asks again. Left alone, fetch adds `no-cache`, which asks for the whole answer. */
function revalidate(first: globalThis.Response): Record<string, string> {
  return { 'if-none-match': first.headers.get('etag')!, 'cache-control': 'max-age=0' };
}

describe('the page', () => {
  it('sends /docs to /docs/', async () => {
    const response = await get('/docs');
    expect(response.status).toBe(302);
    expect(new URL(response.headers.get('location')!, response.url).pathname).toBe('/docs/');
  });

  it('is HTML under a policy that runs no script but its own', async () => {
    const response = await get('/docs/');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none';script-src 'self';style-src 'self' 'unsafe-inline';" +
        "img-src 'self' data:;connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    );
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.has('strict-transport-security')).toBe(false);
    expect(await response.text()).not.toMatch(/<script>|https?:\/\/(?!www\.w3\.org)/);
  });

  it('finds each of its files, under the same policy', async () => {
    const html = await (await get('/docs/')).text();
    const files = [...html.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map((match) => match[1]!);
    expect(files).toHaveLength(6);
    for (const file of files) {
      const response = await get(`/docs/${file}`);
      expect(response.status, file).toBe(200);
      expect(response.headers.get('content-security-policy'), file).toContain("default-src 'none'");
      await response.arrayBuffer();
    }
  });

  it('offers the three documents and takes none from its address', async () => {
    const script = await (await get('/docs/swagger-ui-init.js')).text();
    // The options contain functions for the page, so they are not JSON.
    const text = /var options = (\{.*?\n\});/s.exec(script)![1]!;
    const options = runInNewContext(`(${text})`) as {
      swaggerUrl: string;
      customOptions: { urls: { url: string }[]; queryConfigEnabled: boolean; validatorUrl: null };
    };
    expect(options.swaggerUrl).toBe('/openapi/latchkey.json');
    expect(options.customOptions.urls.map(({ url }) => url)).toEqual([
      '/openapi/latchkey.json',
      '/openapi/etcd-v2.json',
      '/openapi/etcd-v3.json',
    ]);
    expect(options.customOptions.queryConfigEnabled).toBe(false);
    expect(options.customOptions.validatorUrl).toBeNull();
  });

  it.each([
    'index.html',
    'swagger-initializer.js',
    'oauth2-redirect.html',
    'package.json',
    'swagger-ui-bundle.js.map',
    '..%2fpackage.json',
    'swagger-ui.css/',
    'nested/swagger-ui-init.js',
    'SWAGGER-UI.CSS',
  ])('does not have the file %s', async (file) => {
    expect((await get(`/docs/${file}`)).status).toBe(404);
  });

  it('lets its files be kept, but asked for again', async () => {
    const first = await get('/docs/swagger-ui.css');
    await first.arrayBuffer();
    expect(first.headers.get('cache-control')).toBe('public, max-age=0');
    const again = await get('/docs/swagger-ui.css', {
      headers: revalidate(first),
    });
    expect(again.status).toBe(304);
  });
});

describe('the documents', () => {
  it.each(DOCUMENT_NAMES)('%s is served as the YAML that was written', async (name) => {
    const response = await get(`/openapi/${name}.yaml`);
    expect(response.headers.get('content-type')).toBe('application/yaml');
    expect(await response.text()).toBe(readDocumentText(name));
  });

  it.each(DOCUMENT_NAMES)('%s is served as JSON', async (name) => {
    const response = await get(`/openapi/${name}.json`);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.json()).toEqual(parse(readDocumentText(name)));
  });

  it('answers 304 to whoever has it already', async () => {
    const first = await get('/openapi/latchkey.json');
    await first.arrayBuffer();
    const headers = revalidate(first);
    expect((await get('/openapi/latchkey.json', { headers })).status).toBe(304);
    expect((await get('/openapi/latchkey.yaml', { headers })).status).toBe(200);
  });

  it('answers HEAD without the document', async () => {
    const response = await get('/openapi/latchkey.json', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it.each([
    'latchkey',
    'latchkey.yml',
    'etcd-v4.yaml',
    '__proto__.json',
    '..%2fpackage.json',
    'a/b',
  ])('does not have the document %s', async (file) => {
    expect((await get(`/openapi/${file}`)).status).toBe(404);
  });

  it.each(['/docs', '/docs/', '/openapi/latchkey.json'])('%s is only for reading', async (path) => {
    const response = await get(path, { method: 'POST' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.text()).toBe('method-not-allowed');
  });
});
