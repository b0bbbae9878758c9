// `node bench/export-import.mjs [--keys=200000]` imports that many keys, text and binary, exports them, also to a slow reader, and lists them
// in pages and as one level. It deletes them, imports the export, and compares both byte for byte. It samples the memory of the gateway.
// Exits with 1 if the exports differ or the memory grows.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { clearInterval, setInterval } from 'node:timers';
import { parseArgs } from 'node:util';
import { startBoth } from './processes.mjs';

const LINES_TYPE = 'application/x-ndjson';
const ROOT = 'many/';
const FOLDERS = 10;
const SAMPLE_EVERY_MS = 500;
/** Memory that the gateway may use in addition: chunks, uncollected objects, buffers of sockets. */
const GROWTH_MIB_MAX = 150;
const SLOW_READ_MS = 5;
const PAGE_KEYS = 1_000;

const { values } = parseArgs({ options: { keys: { type: 'string', default: '200000' } } });
const keyCount = Number(values.keys);
const both = await startBoth((line) => process.stderr.write(`${line}\n`));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void both.stop().finally(() => process.exit(1)));
}
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'latchkey-lines-'));
const samples = [];
const sampler = setInterval(() => samples.push(memoryMib()), SAMPLE_EVERY_MS);
const failures = [];
try {
  await run();
} finally {
  clearInterval(sampler);
  fs.rmSync(folder, { recursive: true, force: true });
  await both.stop();
}
for (const failure of failures) console.error(`FAILED: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function run() {
  const generated = path.join(folder, 'generated.ndjson');
  const hash = generateFile(generated);
  const before = await step('import of the generated keys', () => importFile(generated));
  check('all lines were written', before.written === keyCount && before.lines === keyCount);
  const startMib = Math.max(...samples.slice(-1), memoryMib());
  const exports = ['first.ndjson', 'slow.ndjson', 'second.ndjson'].map((name) =>
    path.join(folder, name),
  );
  await step('export', () => exportFile(exports[0], 0));
  check('the export equals the import', contentHash(exports[0]) === hash);
  await step('export to a slow reader', () => exportFile(exports[1], SLOW_READ_MS));
  check('the slow export equals the first one', fileHash(exports[1]) === fileHash(exports[0]));
  await step('list, page by page', listPages);
  await step('list of one level', listLevel);
  await step('deletion', () => call('DELETE', `/v1/kv?prefix=${ROOT}`));
  const again = await step('import of the export', () => importFile(exports[0]));
  check('all lines were written again', again.written === keyCount);
  const skipped = await step('import with ifAbsent', () =>
    importFile(exports[0], '?ifAbsent=true'),
  );
  check('ifAbsent wrote nothing', skipped.written === 0 && skipped.skipped === keyCount);
  await step('export', () => exportFile(exports[2], 0));
  check('export and import are byte-identical', contentHash(exports[2]) === hash);
  const peakMib = Math.max(...samples);
  console.log(`memory of the gateway, MiB, every ${SAMPLE_EVERY_MS} ms: ${samples.join(' ')}`);
  console.log(`peak ${peakMib} MiB, after the first import ${startMib} MiB`);
  check('memory stays flat', peakMib - samples[0] < GROWTH_MIB_MAX);
}

/** Writes lines in the format of an export, with keys in the order of their bytes. Every third value is binary. */
function generateFile(file) {
  const hash = createHash('sha256');
  const out = fs.openSync(file, 'w');
  const perFolder = Math.ceil(keyCount / FOLDERS);
  for (let i = 0; i < keyCount; i++) {
    const key = `${ROOT}${Math.floor(i / perFolder)}/${String(i).padStart(8, '0')}`;
    const bytes = createHash('sha512').update(key).digest();
    const value =
      i % 3 === 0
        ? { value: bytes.toString('base64'), encoding: 'base64' }
        : { value: `${bytes.toString('hex')} "ä"\n` };
    fs.writeSync(out, `${JSON.stringify({ key, ...value })}\n`);
    hash.update(contentOf({ key, ...value }));
  }
  fs.closeSync(out);
  return hash.digest('hex');
}

function contentOf({ key, keyEncoding, value, encoding }) {
  return JSON.stringify([key, keyEncoding, value, encoding]);
}

function contentHash(file) {
  const hash = createHash('sha256');
  for (const line of fs.readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    hash.update(contentOf(JSON.parse(line)));
  }
  return hash.digest('hex');
}

function fileHash(file) {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

async function exportFile(file, pauseMs) {
  const headers = { accept: LINES_TYPE };
  const response = await fetch(`${both.gatewayUrl}/v1/kv?prefix=${ROOT}`, { headers });
  if (!response.ok) throw new Error(await response.text());
  const out = fs.openSync(file, 'w');
  for await (const chunk of response.body) {
    fs.writeSync(out, chunk);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  fs.closeSync(out);
}

function importFile(file, query = '') {
  const body = Readable.toWeb(fs.createReadStream(file));
  const headers = { 'content-type': LINES_TYPE };
  return call('POST', `/v1/kv/import${query}`, { headers, body, duplex: 'half' });
}

async function listPages() {
  let count = 0;
  for (let next = ''; ;) {
    const page = await call('GET', `/v1/kv?prefix=${ROOT}&limit=${PAGE_KEYS}${next}`);
    count += page.items.length;
    if (page.next === undefined) break;
    next = `&next=${page.next}`;
  }
  check('L5: the pages contain every key', count === keyCount);
}

async function listLevel() {
  const level = await call('GET', `/v1/kv?prefix=${ROOT}&delimiter=/`);
  check('the level lists its folders', level.prefixes.length === FOLDERS);
}

async function call(method, url, init = {}) {
  const response = await fetch(`${both.gatewayUrl}${url}`, { method, ...init });
  const body = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(body));
  return body;
}

async function step(name, work) {
  const startedAt = performance.now();
  const result = await work();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${name}: ${seconds} s, gateway at ${memoryMib()} MiB`);
  return result;
}

function check(what, isMet) {
  if (!isMet) failures.push(what);
}

/** Returns the resident memory of the gateway in MiB; 0 without /proc. */
function memoryMib() {
  const file = `/proc/${both.gatewayPid}/status`;
  if (!fs.existsSync(file)) return 0;
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(file, 'utf8'));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}
