// The documentation as a person meets it: a real browser, the built gateway, a real etcd.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Locator, Page, Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { operationsOf } from '../../src/http/contract/openapi.js';
import type { DocumentName } from '../../src/http/contract/openapi-files.js';
import { loadDocument } from '../../src/http/contract/validate.js';
import { findChromium, launchChromium } from '../support/chromium.js';
import { startMember } from '../support/etcd.js';
import { spawnGateway } from '../support/processes.js';

const RENDER_LIMIT_MS = 30_000;
const ANSWER_LIMIT_MS = 30_000;

/** Runs in the page: tries an inline script and an inline handler, and tells whether either ran. */
const INJECTION = `(async () => {
  const script = document.createElement('script');
  script.textContent = 'window.ran = true';
  const image = document.createElement('img');
  image.setAttribute('onerror', 'window.ran = true');
  const failed = new Promise((resolve) => image.addEventListener('error', resolve));
  image.src = 'data:image/png,';
  document.body.append(script, image);
  await failed;
  return 'ran' in window;
})()`;

const executablePath = findChromium();
if (executablePath === undefined) {
  console.warn('skipped: the browser tests need Chromium (apt-get install chromium)');
}

let baseUrl: string;
let browser: Browser;
let page: Page;
/** What the page complained about, and what it asked for. */
let complaints: string[];
let requested: URL[];
const cleanUps: (() => Promise<unknown>)[] = [];

describe.skipIf(executablePath === undefined)('/docs in Chromium', () => {
  beforeAll(async () => {
    const member = await startMember();
    cleanUps.unshift(() => member.stop());
    const gateway = await spawnGateway({ args: [`--endpoints=${member.endpoint}`] });
    cleanUps.unshift(() => gateway.stop());
    baseUrl = gateway.baseUrl;
    browser = await launchChromium(executablePath!);
    cleanUps.unshift(() => browser.close());
  });

  afterAll(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });

  beforeEach(async () => {
    page = await browser.newPage();
    page.setDefaultTimeout(RENDER_LIMIT_MS);
    [complaints, requested] = [[], []];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`));
    page.on('request', (request) => requested.push(new URL(request.url())));
  });

  afterEach(() => page.close());

  describe('shows', () => {
    it.each<[DocumentName, string]>([
      ['latchkey', 'Latchkey: keys and locks as plain JSON'],
      ['etcd-v2', 'etcd v2'],
      ['etcd-v3', 'etcd v3 (raw)'],
    ])('every operation of %s without a complaint', async (name, label) => {
      const document = loadDocument(name);
      await page.goto(`${baseUrl}/docs/`);
      await choose(label, document.info.title);
      const operations = operationsOf(document);
      for (const { operationId } of operations) await operationBlock(operationId).waitFor();
      expect(await page.locator('.opblock').count()).toBe(operations.length);
      expect(complaints).toEqual([]);
    });

    it('itself without asking anybody but the gateway', async () => {
      await page.goto(`${baseUrl}/docs`);
      await titled('Latchkey');
      const origins = requested.filter((url) => url.protocol !== 'data:').map((url) => url.origin);
      expect(new Set(origins)).toEqual(new Set([baseUrl]));
    });

    it('itself to a browser that opens /', async () => {
      await page.goto(baseUrl);
      await titled('Latchkey');
      expect(new URL(page.url()).pathname).toBe('/docs/');
    });
  });

  describe('executes the examples of', () => {
    beforeEach(async () => {
      await page.goto(`${baseUrl}/docs/`);
      await titled('Latchkey');
    });

    afterEach(() => {
      expect(complaints).toEqual([]);
    });

    it('a put, a get, a list and a delete', async () => {
      const put = await execute('putKey');
      expect([put.status(), await put.json()]).toMatchObject([200, { key: 'hello' }]);
      const get = await execute('getKey');
      expect(await get.json()).toMatchObject({ key: 'hello', value: 'world' });
      expect(await shownAnswer('getKey')).toContain('"value": "world"');
      expect((await execute('headKey')).status()).toBe(200);
      const list = await execute('listKeys');
      const listed = (await list.json()) as { items: unknown[] };
      expect(listed.items).toContainEqual(expect.objectContaining({ key: 'hello' }));
      expect(await (await execute('deleteKey')).json()).toMatchObject({ deleted: 1 });
    });

    it('the calls with ?key= and a prefix', async () => {
      expect(await (await execute('putKeyByQuery')).json()).toMatchObject({ key: '/app/db' });
      expect((await execute('headKeyByQuery')).headers()).toHaveProperty('etcd-revision');
      expect(await (await execute('deleteKeys')).json()).toMatchObject({ deleted: 1 });
    });

    it('a transaction and the leases', async () => {
      expect(await (await execute('transact')).json()).toHaveProperty('results');
      expect(await (await execute('createLease')).json()).toHaveProperty('ttl', 300);
      expect(await (await execute('listLeases')).json()).toHaveProperty('leases');
    });

    it('the simple lock', async () => {
      expect(await (await execute('simpleLockAcquire')).text()).toBe('{"succeeded":true}\n');
      expect(await (await execute('simpleLockInspect')).text()).toBe(
        '{"locked":true,"user_id":"user1"}\n',
      );
      expect(await (await execute('simpleLockRelease')).text()).toBe('{"succeeded":true}\n');
    });

    it('the operations and the documents', async () => {
      for (const operationId of ['getLiveness', 'getReadiness', 'getOpenApiDocument']) {
        expect((await execute(operationId)).status(), operationId).toBe(200);
      }
    });

    it('the etcd v2 API', async () => {
      await choose('etcd v2', 'etcd v2');
      expect(await (await execute('getVersion')).json()).toHaveProperty('etcdserver');
      expect(await (await execute('getHealth')).json()).toMatchObject({ health: 'true' });
    });

    it('the raw v3 API: a put, a range and a watch', async () => {
      await choose('etcd v3 (raw)', 'etcd v3 (raw)');
      expect((await execute('kvPut')).status()).toBe(200);
      const range = await execute('kvRange');
      expect(await range.json()).toMatchObject({ kvs: [{ key: btoa('foo'), value: btoa('bar') }] });
      expect((await execute('watch')).status()).toBe(200);
      expect(await shownAnswer('watch')).toContain('"created":true');
    });
  });

  describe('refuses', () => {
    beforeAll(async () => {
      const evil = { openapi: '3.1.0', info: { title: 'Evil', version: '1' }, paths: {} };
      await putKey('evil', evil);
      await putKey('evil-config', { url: '/v1/kv/evil?raw', urls: null });
    });

    it.each([
      ['a document named by ?url=', 'url=/v1/kv/evil%3Fraw'],
      ['settings named by ?configUrl=', 'configUrl=/v1/kv/evil-config%3Fraw'],
      ['settings named by ?config=', 'config=/v1/kv/evil-config%3Fraw'],
      ['a list in ?urls=', 'urls=[{"name":"Evil","url":"/v1/kv/evil?raw"}]&urls.primaryName=Evil'],
      ['a document in ?spec=', 'spec={"openapi":"3.1.0","info":{"title":"Evil","version":"1"}}'],
    ])('S21: %s', async (_, query) => {
      await page.goto(`${baseUrl}/docs/?${query}`);
      await titled('Latchkey');
      expect(await page.locator('.info .title').allInnerTexts()).toHaveLength(1);
      expect(requested.filter((url) => url.pathname.startsWith('/v1/'))).toEqual([]);
    });

    it('S21: scripts that do not come from the gateway as files', async () => {
      await page.goto(`${baseUrl}/docs/`);
      await titled('Latchkey');
      const ran = await page.evaluate(INJECTION);
      expect(ran).toBe(false);
      expect(complaints.filter((text) => text.includes('Content Security Policy'))).not.toEqual([]);
    });

    it('S21: to send anything to another origin', async () => {
      let isAsked = false;
      const stranger = http.createServer((_req, res) => {
        isAsked = true;
        res.setHeader('access-control-allow-origin', '*').end();
      });
      await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`;
      await page.goto(`${baseUrl}/docs/`);
      const isSent = await page.evaluate(
        (target) =>
          fetch(target).then(
            () => true,
            () => false,
          ),
        url,
      );
      stranger.close();
      expect([isSent, isAsked]).toEqual([false, false]);
    });
  });
});

async function putKey(key: string, value: unknown): Promise<void> {
  const body = JSON.stringify(value);
  const response = await fetch(`${baseUrl}/v1/kv/${key}?raw`, { method: 'PUT', body });
  expect(response.status).toBe(200);
}

function operationBlock(operationId: string): Locator {
  return page.locator(`.opblock[id$="-${operationId}"]`);
}

async function titled(title: string): Promise<void> {
  await page.locator('.info .title', { hasText: title }).waitFor();
  await page.locator('.opblock').first().waitFor();
}

async function choose(label: string, title: string): Promise<void> {
  await page.locator('.download-url-wrapper select').selectOption({ label });
  await titled(title);
}

/** Opens an operation, presses Execute with nothing filled in, and waits for the answer and until it is shown. */
async function execute(operationId: string): Promise<Response> {
  const block = operationBlock(operationId);
  await block.locator('.opblock-summary-control').click();
  const answer = page.waitForResponse((response) => response.request().resourceType() === 'fetch', {
    timeout: ANSWER_LIMIT_MS,
  });
  await block.locator('button.execute').click();
  await block.locator('.live-responses-table').waitFor();
  return answer;
}

function shownAnswer(operationId: string): Promise<string> {
  const answer = operationBlock(operationId).locator('.live-responses-table .highlight-code');
  return answer.first().innerText();
}
