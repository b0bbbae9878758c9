// Executes every operation of the three documents in Swagger UI, from top to bottom, with the examples that the page fills in.
import type { Browser, Locator, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { operationsOf } from '../../src/http/contract/openapi.js';
import type { DocumentName } from '../../src/http/contract/openapi-files.js';
import { loadDocument } from '../../src/http/contract/validate.js';
import { findChromium, launchChromium } from '../support/chromium.js';
import { startMember } from '../support/etcd.js';
import { spawnGateway } from '../support/processes.js';

const STEP_LIMIT_MS = 30_000;
const DOCUMENT_LIMIT_MS = 300_000;

const NEEDS_CREDENTIALS = 'changes members, which requires credentials';
/** Operations that need not succeed on a new gateway, with the reason that their description states. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  addMember: NEEDS_CREDENTIALS,
  updateMember: NEEDS_CREDENTIALS,
  removeMember: NEEDS_CREDENTIALS,
  clusterMemberAdd: NEEDS_CREDENTIALS,
  clusterMemberUpdate: NEEDS_CREDENTIALS,
  clusterMemberPromote: NEEDS_CREDENTIALS,
  clusterMemberRemove: NEEDS_CREDENTIALS,
  kvLeaseRevoke: 'the lease is already revoked',
  electionProclaim: 'needs the leader key of the campaign',
  maintenanceTransferLeadership: 'needs a second member',
  maintenanceHashKv: 'etcd 3.4 does not have it',
  authStatus: 'etcd 3.4 does not have it',
  maintenanceDowngrade: 'depends on the version of etcd',
  authAuthenticate: 'authentication is disabled',
  authEnable: 'needs a user root',
};
/** Streams without an end: the status is checked, but Swagger UI never shows the response. */
const ENDLESS: ReadonlySet<string> = new Set(['watchLock', 'watchElection']);

/** The file that `importKeys` uploads; the page cannot fill it in. */
const EXPORT = {
  name: 'app.ndjson',
  mimeType: 'application/x-ndjson',
  buffer: Buffer.from('{"key":"app/a","value":"1"}\n{"key":"app/b","value":"2"}\n'),
};

const executablePath = findChromium();
if (executablePath === undefined) {
  console.warn('skipped: the browser tests need Chromium (apt-get install chromium)');
}

let browser: Browser;
let page: Page;
let cleanUps: (() => Promise<unknown>)[] = [];

describe.skipIf(executablePath === undefined)('Execute in Swagger UI', () => {
  beforeAll(async () => {
    browser = await launchChromium(executablePath!);
  });

  afterAll(() => browser.close());

  beforeEach(async () => {
    const member = await startMember();
    cleanUps.unshift(() => member.stop());
    const gateway = await spawnGateway({ args: [`--endpoints=${member.endpoint}`] });
    cleanUps.unshift(() => gateway.stop());
    page = await browser.newPage();
    cleanUps.unshift(() => page.close());
    page.setDefaultTimeout(STEP_LIMIT_MS);
    await page.route('**/swagger-ui-init.js', withoutHighlighting);
    await page.goto(`${gateway.baseUrl}/docs/`);
  });

  afterEach(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
    cleanUps = [];
  });

  it.each<[DocumentName, string]>([
    ['latchkey', 'Latchkey: keys and locks as plain JSON'],
    ['etcd-v2', 'etcd v2'],
    ['etcd-v3', 'etcd v3 (raw)'],
  ])(
    'succeeds for every operation of %s in the order of the page',
    async (name, label) => {
      const document = loadDocument(name);
      await page.locator('.download-url-wrapper select').selectOption({ label });
      await page.locator('.info .title', { hasText: document.info.title }).waitFor();
      const expected = operationsOf(document).map(({ operationId }) => operationId);
      for (const operationId of expected) await operationBlock(operationId).waitFor();
      const failures: string[] = [];
      for (const operationId of await shownOperations(expected)) {
        const status = await execute(operationId);
        if ((status < 200 || status > 299) && !(operationId in EXCEPTIONS)) {
          failures.push(`${operationId}: ${String(status)}`);
        }
      }
      expect(failures).toEqual([]);
    },
    DOCUMENT_LIMIT_MS,
  );
});

/** Highlighting is most of the work of opening an operation. */
async function withoutHighlighting(route: Route): Promise<void> {
  const response = await route.fetch();
  const text = await response.text();
  const body = text.replace('"docExpansion"', '"syntaxHighlight": false, "docExpansion"');
  await route.fulfill({ response, body });
}

function operationBlock(operationId: string): Locator {
  return page.locator(`.opblock[id$="-${operationId}"]`);
}

/** Returns the operations from top to bottom; throws if the page does not show each of them once. */
async function shownOperations(expected: readonly string[]): Promise<readonly string[]> {
  const blocks = await page.locator('.opblock').all();
  const ids = await Promise.all(blocks.map((block) => block.getAttribute('id')));
  const shown = ids.map((id) => expected.find((each) => id!.endsWith(`-${each}`)) ?? String(id));
  expect([...shown].sort()).toEqual([...expected].sort());
  return shown;
}

/** Opens an operation, presses Execute, and resolves with the status when the response is shown. */
async function execute(operationId: string): Promise<number> {
  const block = operationBlock(operationId);
  await block.locator('.opblock-summary-control').dispatchEvent('click');
  if (operationId === 'importKeys') await block.locator('input[type=file]').setInputFiles(EXPORT);
  const response = page.waitForResponse((each) => each.request().resourceType() === 'fetch');
  await block.locator('button.execute').click();
  const status = (await response).status();
  if (!ENDLESS.has(operationId)) {
    await block.locator('.live-responses-table').waitFor({ state: 'attached' });
  }
  await block.locator('.opblock-summary-control').dispatchEvent('click');
  return status;
}
