#!/usr/bin/env node
// The process: settings, embedded etcd if no endpoint is configured, app, listen, drain on SIGTERM.
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { Server } from 'node:http';
import { createApp } from './app.js';
import { parseConfig } from './config/config.js';
import { packageVersion } from './config/help.js';
import type { Config } from './config/config.js';
import { Background } from './domain/background.js';
import { EmbeddedEtcdError } from './embedded/embedded-etcd-error.js';
import { startEmbeddedEtcd } from './embedded/etcd.js';
import type { EmbeddedEtcd } from './embedded/etcd.js';
import { messageOf } from './core/errors.js';
import { addressProblem, cannotListen } from './process/free-address.js';
import { hashToken } from './commands/hash-token.js';
import { checkHealth } from './commands/healthcheck.js';
import type { Authentication } from './http/auth/middleware.js';
import { TokenFile } from './http/auth/tokens.js';
import { RAW_CALLS_MAX } from './http/raw/router.js';
import { createServer, drainServer, listen, useCertificates } from './http/server/server.js';
import { createLog } from './process/log.js';
import type { Log } from './process/log.js';
import { createMetrics } from './process/metrics.js';
import { divideOpenFiles, readOpenFilesMax } from './process/open-files.js';
import type { ConnectionBudget } from './process/open-files.js';
import { StartError, checkEndpoints } from './process/start-check.js';
import { TlsFiles } from './files/tls-files.js';
import type { TlsMaterial } from './files/tls-files.js';
import { SOCKETS_MAX, createUpstream } from './upstream.js';
import type { Upstream } from './upstream.js';

async function main(): Promise<void> {
  const result = parseConfig(process.argv.slice(2), process.env);
  switch (result.kind) {
    case 'help':
    case 'version':
    case 'print-config':
      process.stdout.write(`${result.text.trimEnd()}\n`);
      return;
    case 'errors':
      for (const problem of result.problems) process.stderr.write(`latchkey: ${problem}\n`);
      process.exitCode = 2;
      return;
    case 'healthcheck': {
      const health = await checkHealth(result.config);
      process.stderr.write(`latchkey: ${health.text}\n`);
      process.exitCode = health.isReady ? 0 : 1;
      return;
    }
    case 'hash-token':
      await printTokenHash(result.generate);
      return;
    case 'run':
      await run(result.config);
  }
}

/** Writes only the line to standard output, so that it can be redirected to a file. */
async function printTokenHash(generate: boolean): Promise<void> {
  const { line, token } = await hashToken(process.stdin, generate).catch((error: unknown) => {
    throw new StartError(messageOf(error));
  });
  if (token !== undefined)
    process.stderr.write(`latchkey: the token, which is shown only once: ${token}\n`);
  process.stderr.write(
    'latchkey: fill in name, prefixes ("" for all keys) and rights (read, write, lock, admin)\n',
  );
  process.stdout.write(`${line}\n`);
}

async function run(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  const starting = new AbortController();
  const stopStarting = (): void => starting.abort();
  process.once('SIGTERM', stopStarting).once('SIGINT', stopStarting);
  await requireFreeAddress(config.listen, '--listen');
  const embedded =
    config.endpoints.length === 0 && config.discovery === undefined
      ? await startEmbedded(config, starting.signal)
      : undefined;
  try {
    await serve(config, log, embedded, stopStarting);
  } finally {
    await embedded?.stop();
  }
}

/** Fails before etcd starts, which takes seconds. */
async function requireFreeAddress(address: Config['listen'], flag: string): Promise<void> {
  const problem = await addressProblem(address, flag);
  if (problem !== undefined) throw new StartError(problem);
}

async function serve(
  given: Config,
  log: Log,
  embedded: EmbeddedEtcd | undefined,
  stopStarting: () => void,
): Promise<void> {
  const metrics = createMetrics(packageVersion());
  const endpoints = embedded === undefined ? given.endpoints : [embedded.endpoint];
  const openFiles = readOpenFilesMax();
  const { socketShare, ...counts } = budgetConnections(given, endpoints, openFiles);
  const config = { ...given, limits: { ...given.limits, ...counts } };
  const serverTls = orStartError('cannot load --tls-cert, --tls-key or --tls-client-ca', () =>
    openServerTls(config, log, (material) => useCertificates(server, material)),
  );
  const upstream = orStartError('cannot load --cacert, --cert or --key', () =>
    createUpstream({ config, endpoints, callMetrics: metrics.calls, log, socketShare }),
  );
  const tokens = orStartError('cannot load --tokens', () => openTokens(config, log));
  await checkEndpoints(upstream, config, log);
  const background = new Background((what, error) =>
    log.warn({ what, error: String(error) }, 'a clean-up failed'),
  );
  const draining = new AbortController();
  // Every wait and every stream adds a listener.
  setMaxListeners(0, draining.signal);
  const server = createServer(
    createApp({
      config,
      log,
      metrics,
      upstream,
      background,
      draining: draining.signal,
      authentication: authenticationOf(config, upstream, tokens),
    }),
    {
      connectionsMax: config.limits.connectionsMax,
      onDropped: metrics.connectionDropped,
      tls: serverTls?.material,
    },
  );
  const url = await listen(server, config.listen).catch((error: unknown) => {
    throw new StartError(cannotListen(config.listen, '--listen', error));
  });
  reportConnections(server, log, openFiles, given.limits.connectionsMax);
  process.off('SIGTERM', stopStarting).off('SIGINT', stopStarting);
  log.info(
    { url, etcd: upstream.pool.all.map((endpoint) => endpoint.url), pid: process.pid },
    `Latchkey serves on ${url}, documentation at ${url}/docs/`,
  );
  const reason = await untilStopRequested(embedded);
  log.info({ reason }, 'draining');
  draining.abort();
  await drain(server, background, config.limits.drainSeconds);
  upstream.close();
  serverTls?.close();
  tokens?.close();
  log.info('stopped');
}

function reportConnections(
  server: Server,
  log: Log,
  openFiles: number | undefined,
  wanted: number,
): void {
  const connections = server.maxConnections;
  if (connections < wanted)
    log.warn(
      { openFiles, connections, wanted },
      'the limit of open files allows fewer connections than configured',
    );
  // Without a listener, an error of accept(2) would crash the process.
  server.on('error', ({ message }) => log.error({ reason: message }, 'cannot accept connections'));
}

/** Discovery finds the endpoints later; clusters rarely have more members. */
const DISCOVERED_ENDPOINTS = 5;

function budgetConnections(
  { limits }: Config,
  endpoints: readonly string[],
  openFiles: number | undefined,
): ConnectionBudget {
  const perEndpoint = Object.values(SOCKETS_MAX).reduce((sum, sockets) => sum + sockets, 0);
  const socketsWanted = perEndpoint * (endpoints.length || DISCOVERED_ENDPOINTS);
  return orStartError('cannot serve', () =>
    divideOpenFiles(openFiles, {
      connectionsMax: limits.connectionsMax,
      rawCallsMax: RAW_CALLS_MAX,
      socketsWanted,
    }),
  );
}

function authenticationOf(
  { auth }: Config,
  { credentialVerifier }: Upstream,
  tokens: TokenFile | undefined,
): Authentication {
  switch (auth) {
    case 'none':
      return { mode: auth };
    case 'etcd':
      return { mode: auth, verifier: credentialVerifier };
    case 'tokens': {
      if (tokens === undefined) throw new Error('the file of API tokens is not open');
      return { mode: auth, find: (token) => tokens.identify(token) };
    }
  }
}

function openServerTls(
  { serverTls }: Config,
  log: Log,
  use: (material: TlsMaterial) => void,
): TlsFiles | undefined {
  if (serverTls === undefined) return undefined;
  return new TlsFiles(serverTls, {
    onChange(material) {
      use(material);
      log.info('the server certificate was reloaded');
    },
    onProblem: (reason) =>
      log.error({ reason }, 'cannot load the new server certificate; keeping the previous one'),
  });
}

function openTokens({ tokensFile }: Config, log: Log): TokenFile | undefined {
  if (tokensFile === undefined) return undefined;
  return new TokenFile(tokensFile, {
    onChange: (tokens) => log.info({ tokens }, 'API tokens were reloaded'),
    onProblem: (reason) =>
      log.error({ reason }, 'cannot load the new API tokens; keeping the previous ones'),
  });
}

function orStartError<T>(what: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new StartError(`${what}: ${messageOf(error)}`);
  }
}

async function startEmbedded(config: Config, signal: AbortSignal): Promise<EmbeddedEtcd> {
  if (config.etcdListen !== undefined) await requireFreeAddress(config.etcdListen, '--etcd-listen');
  return startEmbeddedEtcd({
    dataDir: config.dataDir,
    cacheDir: join(config.dataDir, 'cache'),
    downloadBaseUrl: config.etcdDownloadUrl,
    etcdBin: config.etcdBin,
    clientAddress: config.etcdListen,
    path: config.path,
    say: (line) => process.stderr.write(`latchkey: ${line}\n`),
    signal,
  });
}

/** Resolves with the reason to stop: a signal, or the unexpected exit of embedded etcd, which also sets the exit code to 1. */
async function untilStopRequested(embedded: EmbeddedEtcd | undefined): Promise<string> {
  return new Promise((resolve) => {
    const onSignal = (signal: string): void => {
      // A second signal stops the process without waiting for the drain.
      process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
      resolve(signal);
    };
    process.once('SIGTERM', onSignal).once('SIGINT', onSignal);
    void embedded?.exited.then((reason) => {
      process.stderr.write(`latchkey: ${reason}\n`);
      process.exitCode = 1;
      resolve(reason);
    });
  });
}

async function drain(server: Server, background: Background, drainSeconds: number): Promise<void> {
  const timeoutMs = drainSeconds * 1000;
  await drainServer(server, timeoutMs);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([background.idle(), timeout]);
  clearTimeout(timer);
}

main().catch((error: unknown) => {
  if (error instanceof Error && error.name === 'AbortError') {
    process.stderr.write('latchkey: stopped before it was ready\n');
    process.exit(1);
  }
  const isExpected = error instanceof StartError || error instanceof EmbeddedEtcdError;
  process.stderr.write(
    `latchkey: ${isExpected ? error.message : ((error as Error).stack ?? String(error))}\n`,
  );
  process.exit(1);
});
