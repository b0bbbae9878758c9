// Loaded into a gateway with --import: from the first SIGUSR2 to the next, its event loop is busy with nothing nearly all the time.
import { clearInterval, setInterval } from 'node:timers';
import { performance } from 'node:perf_hooks';

const BUSY_MS = 40;

let timer;
process.on('SIGUSR2', () => {
  if (timer === undefined) timer = setInterval(block, 1);
  else timer = clearInterval(timer);
});

function block() {
  const until = performance.now() + BUSY_MS;
  while (performance.now() < until);
}
