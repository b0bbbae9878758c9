// Runs the two measured processes: a real etcd, by the gateway's module for embedded etcd, and the built gateway in front of it.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { startEmbeddedEtcd } from '../dist/embedded/etcd.js';
import { OFFICIAL_BASE_URL } from '../dist/embedded/release.js';
import { freePorts } from './free-ports.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const READY_MS_MAX = 20_000;
const STOP_MS_MAX = 15_000;
const POLL_MS = 50;

/** Starts etcd in a temporary folder, and the gateway. Both use free ports and otherwise default settings. */
export async function startBoth(report) {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'latchkey-bench-'));
  const stops = [() => fs.rmSync(dataDir, { recursive: true, force: true })];
  const stop = async () => {
    while (stops.length > 0) await stops.pop()();
  };
  try {
    const [port, etcdPort] = await freePorts(2);
    const etcd = await startEmbeddedEtcd({
      dataDir,
      // The load programs that measure etcd itself use TCP.
      clientAddress: { host: '127.0.0.1', port: etcdPort },
      cacheDir: path.join(ROOT, '.latchkey', 'cache'),
      ...(process.env.LATCHKEY_ETCD_BIN ? { etcdBin: process.env.LATCHKEY_ETCD_BIN } : {}),
      downloadBaseUrl: process.env.LATCHKEY_ETCD_DOWNLOAD_URL || OFFICIAL_BASE_URL,
      path: process.env.PATH ?? '',
      say: report,
    });
    stops.push(() => etcd.stop());
    const gatewayUrl = `http://127.0.0.1:${port}`;
    const gateway = spawnGateway(gatewayUrl, etcd.endpoint);
    stops.push(() => stopGateway(gateway));
    await untilReady(gateway, `${gatewayUrl}/readyz`);
    return {
      gatewayUrl,
      gatewayPid: gateway.pid,
      etcdUrl: etcd.endpoint,
      etcdVersion: etcd.version,
      stop,
      prepare: writeKeys,
      cpuMicroseconds: () => ({ gateway: cpuOf(gateway.pid), etcd: cpuOf(etcd.pid) }),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Writes every key that is read later. */
async function writeKeys(benchmarks) {
  const put = benchmarks.find(({ name, target }) => name === 'put' && target === 'gateway');
  for (const { method, path: url, headers, body } of put.requests('')) {
    const response = await fetch(`${put.url}${url}`, { method, headers, body });
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  }
}

function spawnGateway(url, endpoint) {
  const listen = new URL(url).host;
  const main = path.join(ROOT, 'dist', 'main.js');
  return spawn(process.execPath, [main, `--endpoints=${endpoint}`, `--listen=${listen}`], {
    env: { NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function stopGateway(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
}

async function untilReady(child, url) {
  const giveUpAt = performance.now() + READY_MS_MAX;
  while (performance.now() < giveUpAt && child.exitCode === null) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the gateway is not ready at ${url}`);
}

let ticksPerSecond;

/** Returns the user and system time of a process in microseconds; `undefined` without /proc. */
function cpuOf(pid) {
  if (!fs.existsSync('/proc/self/stat')) return undefined;
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name, in parentheses. utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}
