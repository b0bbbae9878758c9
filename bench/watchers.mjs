// Opens thousands of event streams on one prefix at one gateway. Measures how many watches etcd has, whether every event reaches every
// watcher, and how much memory a watcher needs. The watchers run in separate processes.
import { fork } from 'node:child_process';
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startBoth } from './processes.mjs';

const CLIENT_FILE = fileURLToPath(new URL('watchers-client.mjs', import.meta.url));
const CLIENTS = 2;
const PREFIX = 'bench/watched/';
const OTHER_FILES_MAX = 500;
const WARM_UP_WATCHERS = 200;
/** The time after which the memory is stable. */
const SETTLE_MS = 8_000;
const DELIVERY_MS_MAX = 120_000;
const STREAMS_MAX = 9;
const TARGET_KB = 25;

const { values } = parseArgs({
  options: {
    watchers: { type: 'string', default: '10000' },
    events: { type: 'string', default: '100' },
  },
});
const watchers = Number(values.watchers);
const events = Number(values.events);

const filesMax = openFilesMax();
if (filesMax < watchers + OTHER_FILES_MAX) {
  report(`${watchers} watchers need a higher hard limit of open files; it is ${filesMax}`);
  process.exit(2);
}
const both = await startBoth(report).catch((error) => {
  report(error.message);
  process.exit(1);
});
const clients = [];
const stop = async () => {
  for (const client of clients.splice(0)) client.kill('SIGKILL');
  await both.stop();
};
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void stop().finally(() => process.exit(1)));
}
try {
  process.exitCode = (await measure()) ? 0 : 1;
} finally {
  await stop();
}

async function measure() {
  await warmUp();
  const before = residentKb();
  report(`${watchers} watchers connect from ${CLIENTS} processes`);
  await Promise.all(shares(watchers).map((count) => startClient(count, events)));
  await pause(SETTLE_MS);
  const open = residentKb();
  const upstream = await upstreamCounts();
  report(`${events} events are written`);
  const reached = Promise.all(clients.map((client) => messageOf(client, 'reached')));
  const startedAt = performance.now();
  for (let i = 0; i < events; i++) await put(`${PREFIX}${i % 10}`, String(i));
  const writtenMs = performance.now() - startedAt;
  const results = await within(reached, DELIVERY_MS_MAX);
  const reachedMs = performance.now() - startedAt;
  const after = residentKb();
  const wrong = results?.reduce((sum, { outOfOrder }) => sum + outOfOrder, 0);
  const perWatcherKb = (open - before) / watchers;
  const isCorrect = wrong === 0 && upstream.streams <= STREAMS_MAX;
  console.log(
    [
      `Node ${process.versions.node}, etcd ${both.etcdVersion}, ${watchers} event streams on one prefix, ${events} events`,
      `upstream: ${upstream.streams} watch streams with ${upstream.watchers} watches at etcd, ${upstream.connections} connections from the gateway to etcd`,
      results === undefined
        ? `not all events reached all watchers within ${DELIVERY_MS_MAX / 1000} s`
        : `delivered: each of ${events} events to all ${watchers} watchers, ${wrong} out of order; written in ${seconds(writtenMs)}, delivered after ${seconds(reachedMs)}`,
      `memory: ${perWatcherKb.toFixed(1)} KB per watcher (target ${TARGET_KB}); the gateway had ${mb(before)} before, ${mb(open)} with all watchers, ${mb(after)} after the events`,
    ].join('\n'),
  );
  return isCorrect;
}

/** Loads the code and fills the pools that any number of watchers needs, so that they do not count as memory of watchers. */
async function warmUp() {
  const client = await startClient(WARM_UP_WATCHERS, 10);
  const reached = messageOf(client, 'reached');
  for (let i = 0; i < 10; i++) await put(`${PREFIX}${i}`, String(i));
  await within(reached, DELIVERY_MS_MAX);
  clients.splice(clients.indexOf(client), 1);
  client.kill('SIGKILL');
  await pause(SETTLE_MS);
}

function shares(total) {
  return Array.from({ length: CLIENTS }, (_, i) => Math.floor((total + i) / CLIENTS));
}

/** Starts a process. Resolves when all its watchers are connected. */
async function startClient(count, expected) {
  const { hostname, port } = new URL(both.gatewayUrl);
  const path = `/v1/watch?prefix=${encodeURIComponent(PREFIX)}`;
  const client = fork(CLIENT_FILE, [hostname, port, path, String(count), String(expected)], {
    env: {},
  });
  clients.push(client);
  await messageOf(client, 'open');
  return client;
}

function messageOf(client, kind) {
  return new Promise((resolve, reject) => {
    client.on('message', (message) => {
      if (message.kind === kind) resolve(message);
      if (message.kind === 'failed') reject(new Error(message.reason));
    });
    client.once('exit', () => reject(new Error('a process of watchers exited')));
  });
}

async function put(key, value) {
  const response = await fetch(`${both.gatewayUrl}/v1/kv/${key}?raw`, {
    method: 'PUT',
    body: value,
  });
  if (!response.ok) throw new Error(`${key}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

async function upstreamCounts() {
  const metrics = await (await fetch(`${both.etcdUrl}/metrics`)).text();
  const gauge = (name) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1]);
  return {
    streams: gauge('etcd_debugging_mvcc_watch_stream_total'),
    watchers: gauge('etcd_debugging_mvcc_watcher_total'),
    connections: connectionsTo(Number(new URL(both.etcdUrl).port)),
  };
}

/** Counts the established connections of the gateway to a port of this machine. */
function connectionsTo(port) {
  const folder = `/proc/${both.gatewayPid}/fd`;
  const links = fs.readdirSync(folder).map((file) => {
    try {
      return fs.readlinkSync(`${folder}/${file}`);
    } catch {
      return '';
    }
  });
  const own = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = fs.readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , remote, state, , , , , , inode]) => {
      return remote.endsWith(suffix) && state === '01' && own.has(inode);
    }).length;
}

function residentKb() {
  const status = fs.readFileSync(`/proc/${both.gatewayPid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
}

/** Returns the hard limit, to which Node raises its own limit. */
function openFilesMax() {
  const limits = fs.readFileSync('/proc/self/limits', 'utf8');
  const [, , hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? [];
  return hard === 'unlimited' ? Infinity : Number(hard);
}

async function within(promise, limitMs) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, limitMs)));
  const result = await Promise.race([promise, late]);
  clearTimeout(timer);
  return result;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function mb(kb) {
  return `${Math.round(kb / 1024)} MB`;
}

function report(line) {
  process.stderr.write(`bench: ${line}\n`);
}
