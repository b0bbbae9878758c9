// Runs one case for some seconds on some connections. Checks every response, because a fast wrong response is not a result.
import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';

const RESPONSE_SECONDS_MAX = 10;
/** Further latencies do not count for the median. */
const SAMPLES_MAX = 1_000_000;

/**
 * @param {import('./cases.mjs').Case} benchmark
 * @returns {Promise<object>} requests, seconds, p50Ms, CPU of both processes in microseconds, failures
 */
export async function runRound(benchmark, { connections, seconds, both }) {
  const latencies = new Float64Array(SAMPLES_MAX);
  let samples = 0;
  let wrong = 0;
  let wrongBody = '';
  const cpuBefore = both.cpuMicroseconds();
  const startedAt = process.hrtime.bigint();
  const run = autocannon({
    url: benchmark.url,
    connections,
    duration: seconds,
    timeout: RESPONSE_SECONDS_MAX,
    setupClient(client) {
      const onResponse = (status, body) => {
        if (status === 200 && benchmark.isCorrect(body)) return;
        wrong += 1;
        wrongBody = `${status} ${body}`;
      };
      client.setRequests(
        benchmark.requests(randomUUID()).map((request) => ({ ...request, onResponse })),
      );
    },
  });
  run.on('response', (_client, _status, _bytes, milliseconds) => {
    if (samples < SAMPLES_MAX) latencies[samples++] = milliseconds;
  });
  const result = await run;
  const elapsedSeconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  const cpuAfter = both.cpuMicroseconds();
  const name = `${benchmark.name} at ${benchmark.target}, ${connections} connections`;
  return {
    name: benchmark.name,
    target: benchmark.target,
    connections,
    requests: result.requests.total,
    seconds: elapsedSeconds,
    p50Ms: median(latencies.subarray(0, samples)),
    gatewayCpu: difference(cpuAfter.gateway, cpuBefore.gateway),
    etcdCpu: difference(cpuAfter.etcd, cpuBefore.etcd),
    failures: [
      ...(wrong > 0 ? [`${name}: ${wrong} wrong responses, the last: ${wrongBody.trim()}`] : []),
      ...(result.errors > 0 ? [`${name}: ${result.errors} requests without a response`] : []),
      ...(result.requests.total === 0 ? [`${name}: no response`] : []),
    ],
  };
}

function difference(after, before) {
  return after === undefined || before === undefined ? undefined : after - before;
}

function median(numbers) {
  return numbers.toSorted()[numbers.length >> 1] ?? Number.NaN;
}
