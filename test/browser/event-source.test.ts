// A page with an EventSource, in a real browser and from another origin: what it shows is what happened at etcd, whatever becomes of the
// gateway meanwhile. The page does nothing to help: reconnecting, and from where, is the browser's and the gateway's business.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findChromium, launchChromium } from '../support/chromium.js';
import { startMember } from '../support/etcd.js';
import { reservePorts } from '../support/ports.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';

const SHOWN_LIMIT_MS = 60_000;
const WRITES = 20;

const executablePath = findChromium();
if (executablePath === undefined) {
  console.warn('skipped: the browser tests need Chromium (apt-get install chromium)');
}

/** An event as the page shows it: type, key, value, revision. */
type Shown = readonly [string, string | undefined, string | undefined, number];

const PAGE = (source: string): string => `<!doctype html><title>events</title><ol id="shown"></ol>
<script>
  window.shown = [];
  const source = new EventSource(${JSON.stringify(source)});
  for (const type of ['put', 'delete', 'compacted', 'overflow', 'error']) {
    source.addEventListener(type, ({ data }) => {
      if (data === undefined) return;
      const { key, value, modRevision, revision } = JSON.parse(data);
      window.shown.push([type, key, value, modRevision ?? revision]);
      const item = document.createElement('li');
      item.textContent = type + ' ' + key;
      document.getElementById('shown').append(item);
    });
  }
</script>`;

let etcd: RawEtcd;
let endpoint: string;
let pageOrigin: string;
let port: number;
let serve: (html: string) => void;
const cleanUps: (() => Promise<unknown>)[] = [];

describe.skipIf(executablePath === undefined)('an EventSource in Chromium', () => {
  beforeAll(async () => {
    const member = await startMember();
    cleanUps.unshift(() => member.stop());
    ({ endpoint } = member);
    etcd = new RawEtcd(endpoint);
    let html = '';
    serve = (next) => (html = next);
    const pages = http.createServer((_req, res) =>
      res.setHeader('content-type', 'text/html').end(html),
    );
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    cleanUps.unshift(() => new Promise((resolve) => pages.close(resolve)));
    pageOrigin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    [port = 0] = await reservePorts(1);
  });

  afterAll(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });

  it('shows every event once and in order across a killed gateway, and gets past a compaction that it is told of', async () => {
    let gateway = await start();
    const written: Shown[] = [];
    const since = await etcd.revision();
    const page = await openPage(`http://127.0.0.1:${port}/v1/watch?prefix=page/&since=${since}`);

    await write(written);
    await untilShown(page, written);

    await gateway.kill('SIGKILL');
    await write(written);
    await remove(written);
    gateway = await start();
    await untilShown(page, written);

    await gateway.kill('SIGKILL');
    await write([]);
    const compacted = await etcd.revision();
    await etcd.compact(compacted);
    await start();
    await expect
      .poll(() => shownBy(page), { timeout: SHOWN_LIMIT_MS })
      .toEqual([...written, ['compacted', undefined, undefined, compacted]]);
    written.push(['compacted', undefined, undefined, compacted]);

    await write(written);
    await untilShown(page, written);
    expect(await page.locator('#shown li').count()).toBe(written.length);
  });
});

async function start(): Promise<Gateway> {
  const gateway = await spawnGateway({
    args: [`--listen=127.0.0.1:${port}`, `--endpoints=${endpoint}`, `--cors-origins=${pageOrigin}`],
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

async function openPage(source: string): Promise<Page> {
  const browser = await launchChromium(executablePath!);
  onTestFinished(() => browser.close());
  serve(PAGE(source));
  const page = await browser.newPage();
  await page.goto(pageOrigin);
  return page;
}

async function write(written: Shown[]): Promise<void> {
  for (let index = 0; index < WRITES; index++) {
    const [key, value] = [`page/${index % 7}`, `value ${index}`];
    await etcd.put(key, value);
    written.push(['put', key, value, await etcd.revision()]);
  }
}

async function remove(written: Shown[]): Promise<void> {
  await etcd.deleteKey('page/3');
  written.push(['delete', 'page/3', undefined, await etcd.revision()]);
}

function shownBy(page: Page): Promise<Shown[]> {
  return page.evaluate('window.shown');
}

async function untilShown(page: Page, written: readonly Shown[]): Promise<void> {
  await expect.poll(() => shownBy(page), { timeout: SHOWN_LIMIT_MS }).toEqual(written);
}
