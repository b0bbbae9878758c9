// A process with many watchers for watchers.mjs. Each is a plain socket that reads an event stream and counts its events.
import { connect } from 'node:net';

const [hostname, port, path, count, expected] = process.argv.slice(2);
const CONNECTING_MAX = 100;
const EVENT = /^event: put\nid: [0-9.]+\ndata: .*"value":"([0-9]+)"/m;
const REQUEST = `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAccept: text/event-stream\r\n\r\n`;

let open = 0;
let done = 0;
let outOfOrder = 0;
const sockets = [];

process.once('disconnect', () => process.exit());
await Promise.all(Array.from({ length: CONNECTING_MAX }, connectMany));
process.send({ kind: 'open' });

async function connectMany() {
  while (open < Number(count)) {
    open += 1;
    await new Promise((resolve) => watch(resolve));
  }
}

function watch(opened) {
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  let rest = '';
  let next = 0;
  socket.setEncoding('latin1');
  socket.write(REQUEST);
  socket.on('error', (error) => process.send({ kind: 'failed', reason: error.message }));
  socket.on('close', () => process.send({ kind: 'failed', reason: `closed after ${rest}` }));
  socket.on('data', (text) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop();
    // The response begins with its headers.
    if (next === 0 && text.startsWith('HTTP/1.1 200')) opened();
    for (const block of blocks) {
      const value = EVENT.exec(block)?.[1];
      if (value === undefined) continue;
      if (Number(value) !== next) outOfOrder += 1;
      next += 1;
      if (next === Number(expected)) finish();
    }
  });
}

function finish() {
  done += 1;
  if (done === Number(count)) process.send({ kind: 'reached', outOfOrder });
}
