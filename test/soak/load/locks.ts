// Locks with waits, holds, shared ones, some of them abandoned; elections; the simple lock; leases as sessions. Whatever is left behind
// has a ttl.
import type { Caller } from '../caller.js';
import { SOAK } from './keys.js';

const LOCKS = ['a', 'b', 'c', 'd'];
const TTL_SECONDS = 5;
const WAIT_SECONDS = 4;
const HELD_MS = [0, 300] as const;
const WAITED_MS = [50, 2_000] as const;

export async function lock(caller: Caller): Promise<void> {
  const { random } = caller;
  const path = `/v1/locks/soak-${random.pick(LOCKS)}`;
  const body = {
    owner: `soak-${random.whole([0, 99])}`,
    ttl: TTL_SECONDS,
    wait: WAIT_SECONDS,
    mode: random.pick(['exclusive', 'exclusive', 'shared']),
    token: random.token(),
  };
  if (random.chance(0.1)) return hangUp(caller, path, body);
  const { status, body: held } = await caller.call('lock', 'PUT', path, { body });
  if (status !== 200) return;
  await caller.pause(HELD_MS);
  const { token, fencingToken } = held;
  const guard = { lock: path.slice('/v1/locks/'.length), fencingToken };
  await caller.call('guarded put', 'PUT', `/v1/kv/${SOAK}guarded`, { body: { value: 'v', guard } });
  await caller.call('renew lock', 'POST', `${path}/keepalive`, { body: { token, fencingToken } });
  await caller.call('look at lock', 'GET', path);
  if (random.chance(0.05)) return;
  await caller.call('release lock', 'DELETE', path, { body: { token } });
}

async function hangUp(caller: Caller, path: string, body: object): Promise<void> {
  const { cut, done } = caller.open('lock', 'PUT', path, { body });
  await caller.pause(WAITED_MS);
  cut();
  await done;
}

export async function hold(caller: Caller): Promise<void> {
  const { random } = caller;
  const path = `/v1/locks/soak-${random.pick(LOCKS)}/hold`;
  const body = { owner: 'soak-hold', ttl: TTL_SECONDS };
  const stream = caller.stream('hold', 'POST', path, { body });
  await Promise.race([stream.first('acquired'), caller.pause(WAITED_MS)]);
  await caller.pause(HELD_MS);
  stream.cut();
  await stream.done;
}

export async function followLock(caller: Caller): Promise<void> {
  const path = `/v1/locks/soak-${caller.random.pick(LOCKS)}/events`;
  const stream = caller.stream('lock events', 'GET', path);
  await stream.first('state');
  await caller.pause(WAITED_MS);
  stream.cut();
  await stream.done;
}

export async function lead(caller: Caller): Promise<void> {
  const path = '/v1/elections/soak';
  const body = { candidate: 'me', ttl: TTL_SECONDS, wait: WAIT_SECONDS };
  const { status, body: leadership } = await caller.call('campaign', 'PUT', path, { body });
  if (status !== 200) return;
  const { token } = leadership;
  const proclaimed = { body: { token, candidate: 'still me' } };
  await caller.call('proclaim', 'POST', `${path}/proclaim`, proclaimed);
  await caller.call('renew leadership', 'POST', `${path}/keepalive`, { body: { token } });
  await caller.call('look at election', 'GET', path);
  await caller.pause(HELD_MS);
  await caller.call('resign', 'DELETE', path, { body: { token } });
}

export async function simpleLock(caller: Caller): Promise<void> {
  const resource = `/soak/${caller.random.whole([0, 4])}`;
  const user_id = `user${caller.random.whole([0, 9])}`;
  const body = { resource, user_id, ttl: TTL_SECONDS };
  const taken = await caller.call('simple lock take', 'PUT', '/', { body });
  await caller.call('simple lock look', 'GET', '/', { body: { resource } });
  if (taken.body?.succeeded !== true) return;
  await caller.call('simple lock give', 'DELETE', '/', { body: { resource, user_id } });
}

export async function session(caller: Caller): Promise<void> {
  const { random } = caller;
  const { body: made } = await caller.call('make lease', 'POST', '/v1/leases', {
    body: { ttl: TTL_SECONDS },
  });
  if (made?.id === undefined) return;
  const lease = String(made.id);
  const body = { value: 'here', lease };
  await caller.call('put on lease', 'PUT', `/v1/kv/${SOAK}session/${random.token()}`, { body });
  await caller.call('renew lease', 'POST', `/v1/leases/${lease}/keepalive`);
  await caller.call('look at lease', 'GET', `/v1/leases/${lease}`);
  await caller.call('list leases', 'GET', '/v1/leases');
  if (random.chance(0.5)) await caller.call('end lease', 'DELETE', `/v1/leases/${lease}`);
}
