// A fake gateway, so that a test can kill the process that owns an embedded etcd: starts one with the options in its argument,
// prints where it runs as one JSON line, and then waits to be ended.
import { startEmbeddedEtcd } from '../../dist/embedded/etcd.js';

const options = JSON.parse(process.argv[2]);
try {
  const etcd = await startEmbeddedEtcd({ ...options, say: () => undefined });
  const { endpoint, pid, supervisorPid } = etcd;
  console.log(JSON.stringify({ endpoint, pid, supervisorPid }));
  void etcd.exited.then((reason) => console.log(JSON.stringify({ exited: reason })));
  // No test waits longer for its end.
  setTimeout(() => undefined, 600_000);
} catch (error) {
  console.log(JSON.stringify({ failed: error.message }));
}
