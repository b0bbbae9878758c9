// One round: so many connections, so many seconds, one case. Every answer is looked at: a fast wrong answer is no result.
import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';

const ANSWER_SECONDS_MAX = 10;
/** Beyond them the median is taken of the first ones. */
const SAMPLES_MAX = 1_000_000;

/**
 * @param {import('./cases.mjs').Case} one
 * @returns {Promise<object>} requests, seconds, p50Ms, CPU of both processes in microseconds, failures
 */
export async function runRound(one, { connections, seconds, both }) {
  const latencies = new Float64Array(SAMPLES_MAX);
  let samples = 0;
  let wrong = 0;
  let wrongBody = '';
  const cpuBefore = both.cpuMicroseconds();
  const startedAt = process.hrtime.bigint();
  const run = autocannon({
    url: one.url,
    connections,
    duration: seconds,
    timeout: ANSWER_SECONDS_MAX,
    setupClient(client) {
      const onResponse = (status, body) => {
        if (status === 200 && one.isRight(body)) return;
        wrong += 1;
        wrongBody = `${status} ${body}`;
      };
      client.setRequests(one.requests(randomUUID()).map((request) => ({ ...request, onResponse })));
    },
  });
  run.on('response', (_client, _status, _bytes, milliseconds) => {
    if (samples < SAMPLES_MAX) latencies[samples++] = milliseconds;
  });
  const result = await run;
  const elapsedSeconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  const cpuAfter = both.cpuMicroseconds();
  const name = `${one.name} at ${one.target}, ${connections} connections`;
  return {
    name: one.name,
    target: one.target,
    connections,
    requests: result.requests.total,
    seconds: elapsedSeconds,
    p50Ms: median(latencies.subarray(0, samples)),
    gatewayCpu: difference(cpuAfter.gateway, cpuBefore.gateway),
    etcdCpu: difference(cpuAfter.etcd, cpuBefore.etcd),
    failures: [
      ...(wrong > 0 ? [`${name}: ${wrong} wrong answers, the last: ${wrongBody.trim()}`] : []),
      ...(result.errors > 0 ? [`${name}: ${result.errors} requests without an answer`] : []),
      ...(result.requests.total === 0 ? [`${name}: no answer at all`] : []),
    ],
  };
}

function difference(after, before) {
  return after === undefined || before === undefined ? undefined : after - before;
}

function median(numbers) {
  return numbers.toSorted()[numbers.length >> 1] ?? Number.NaN;
}
