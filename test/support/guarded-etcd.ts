// An etcd with authentication enabled: root, and users whose roles have rights to one prefix each, the same for keys, locks, elections and
// the v2 tree.
import { startMember } from './etcd.js';
import type { Member, MemberOptions } from './etcd.js';
import { JSON_TYPE, send } from './http-client.js';
import type { Answer } from './http-client.js';

export const PASSWORDS = {
  root: 'of root',
  ann: 'of ann',
  bob: 'of bob',
  gateway: 'of gateway',
} as const;
export type UserName = keyof typeof PASSWORDS;

/** The prefixes to which ann and bob have all rights. The gateway's own user has no rights. */
const PREFIXES = { ann: 'app', bob: 'other' } as const;
/** The ranges of a prefix, with the encoding of lock and election names: `%2F` for a slash. */
const rangesOf = (name: string): string[] => [
  `${name}/`,
  `/${name}/`,
  `locks/${name}%2F`,
  `elections/${name}%2F`,
];

export interface GuardedEtcd extends Member {
  /** Sends a request to etcd itself, as root unless another user's token is given. */
  ask(path: string, body: object, token?: string): Promise<Answer>;
  tokenOf(name: UserName, password?: string): Promise<string>;
}

export async function startGuardedEtcd(options: MemberOptions = {}): Promise<GuardedEtcd> {
  const member = await startMember(options);
  const post = (path: string, body: object, token?: string): Promise<Answer> =>
    send(member.endpoint, 'POST', `/v3/${path}`, {
      headers: { ...JSON_TYPE, ...(token !== undefined && { authorization: token }) },
      body: JSON.stringify(body),
    });
  const done = async (path: string, body: object): Promise<void> => {
    const answer = await post(path, body);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
  };
  await done('auth/role/add', { name: 'root' });
  for (const [name, password] of Object.entries(PASSWORDS)) {
    await done('auth/user/add', { name, password });
  }
  await done('auth/user/grant', { user: 'root', role: 'root' });
  for (const [user, name] of Object.entries(PREFIXES)) {
    await done('auth/role/add', { name: `role-of-${user}` });
    for (const range of rangesOf(name)) {
      const perm = { permType: 'READWRITE', key: btoa(range), range_end: btoa(endOf(range)) };
      await done('auth/role/grant', { name: `role-of-${user}`, perm });
    }
    await done('auth/user/grant', { user, role: `role-of-${user}` });
  }
  await done('auth/enable', {});
  const tokenOf = async (name: UserName, password: string = PASSWORDS[name]): Promise<string> =>
    (await post('auth/authenticate', { name, password })).json().token;
  let root = await tokenOf('root');
  return Object.assign(member, {
    tokenOf,
    async ask(path: string, body: object, token?: string) {
      const answer = await post(path, body, token ?? root);
      if (token !== undefined || answer.status !== 401) return answer;
      root = await tokenOf('root');
      return post(path, body, root);
    },
  });
}

/** An Authorization header. */
export function basic(
  name: UserName,
  password: string = PASSWORDS[name],
): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
}

function endOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
