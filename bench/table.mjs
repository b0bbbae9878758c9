// Converts rounds to a table. Speed is the median of the rounds. CPU is the sum of all rounds, because its clock is coarse.

/** Returns one row for each case and number of connections. `ratio`: requests per second relative to etcd's own gateway. */
export function summarize(results) {
  const keys = [...new Set(results.map(keyOf))];
  const rows = keys.map((key) => {
    const rounds = results.filter((result) => keyOf(result) === key);
    const [{ name, target, connections }] = rounds;
    const requests = sum(rounds.map((round) => round.requests));
    const perRequest = (total) => (Number.isNaN(total) ? undefined : total / requests);
    return {
      name,
      target,
      connections,
      requestsPerSecond: median(rounds.map((round) => round.requests / round.seconds)),
      p50Ms: median(rounds.map((round) => round.p50Ms)),
      gatewayCpuMicroseconds: perRequest(sum(rounds.map((round) => round.gatewayCpu))),
      etcdCpuMicroseconds: perRequest(sum(rounds.map((round) => round.etcdCpu))),
    };
  });
  return rows.map((row) => ({ ...row, ratio: ratioOf(row, rows) }));
}

export function tableOf(rows, etcdVersion) {
  const head = ['', 'conns', 'req/s', 'p50 ms', 'gateway CPU µs', 'etcd CPU µs', 'of etcd'];
  const body = rows.map((row) => [
    `${row.name}, ${row.target === 'gateway' ? 'latchkey' : "etcd's gateway"}`,
    String(row.connections),
    row.requestsPerSecond.toFixed(0),
    row.p50Ms.toFixed(2),
    row.target === 'etcd' ? '' : format(row.gatewayCpuMicroseconds, 0),
    format(row.etcdCpuMicroseconds, 0),
    format(row.ratio, 2),
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((line) => line[i].length)));
  const lines = [head, ...body].map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  );
  return [
    `Node ${process.versions.node}, etcd ${etcdVersion}; CPU is user + system time per request`,
    ...lines,
  ].join('\n');
}

function keyOf({ name, target, connections }) {
  return `${connections} ${name} ${target}`;
}

function ratioOf(row, rows) {
  if (row.target === 'etcd') return undefined;
  const { name, connections } = row;
  const etcd = rows.find(
    (other) => other.target === 'etcd' && other.name === name && other.connections === connections,
  );
  return etcd === undefined ? undefined : row.requestsPerSecond / etcd.requestsPerSecond;
}

function format(number, digits) {
  return number === undefined ? '' : number.toFixed(digits);
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + (number ?? Number.NaN), 0);
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
