// What settings may not say together: each mistake is a line that names them as the user wrote them. Knows no source of settings.
import { isLoopback } from './address.js';
import { problemText } from './setting.js';
import { SETTINGS } from './settings.js';
import type { Values, WrittenAs } from './settings.js';
import { isInside } from './values.js';

/** All but what concerns serving. Settings that could not be parsed are missing, and have their own line already. */
export function combinationProblems(values: Partial<Values>, writtenAs: WrittenAs): string[] {
  return [
    ...prefixProblems(values, writtenAs),
    ...identityProblems(values, writtenAs),
    ...tokenProblems(values, writtenAs),
    ...accessProblems(values),
  ];
}

/** Serving other machines needs something that says who they are, or the word of the user that it does not matter. */
export function exposureProblems(
  { listen, allowAnonymous, auth = 'none', tlsClientCa }: Partial<Values>,
  writtenAs: WrittenAs,
): string[] {
  if (listen === undefined || isLoopback(listen.host) || allowAnonymous !== false) return [];
  if (auth !== 'none' || tlsClientCa !== undefined) return [];
  return [
    problemText(
      writtenAs('listen'),
      `${listen.host} is not a loopback address, and without authentication whoever reaches it may read and write every key`,
      'listen on 127.0.0.1, say who callers are (--auth), ask for client certificates (--tls-client-ca), or say --allow-anonymous (LATCHKEY_ALLOW_ANONYMOUS=true) if only trusted machines reach it',
    ),
  ];
}

function identityProblems(
  { auth, user, password }: Partial<Values>,
  writtenAs: WrittenAs,
): string[] {
  if (user === undefined) {
    if (password === undefined) return [];
    return [problemText(writtenAs('password'), 'there is no user for it', 'set --user too')];
  }
  const problems: string[] = [];
  if (user.password === undefined && password === undefined) {
    const hint = 'write NAME:PASSWORD, or set ETCDCTL_PASSWORD or ETCDCTL_PASSWORD_FILE';
    problems.push(problemText(writtenAs('user'), 'there is no password for this user', hint));
  }
  if (user.password !== undefined && password !== undefined) {
    const detail = `${writtenAs('password')} is set too`;
    problems.push(problemText(writtenAs('user'), detail, 'write the password once'));
  }
  // Whoever gives the gateway rights of its own has to say to whom it lends them.
  if (auth === undefined) {
    const detail = 'the gateway has an identity of its own, and nothing says who may call with it';
    const hint = 'say --auth=etcd or --auth=tokens, or --auth=none to lend its rights to everybody';
    problems.push(problemText(writtenAs('user'), detail, hint));
  }
  return problems;
}

function tokenProblems({ auth, tokensFile }: Partial<Values>, writtenAs: WrittenAs): string[] {
  if ((auth === 'tokens') === (tokensFile !== undefined)) return [];
  return tokensFile === undefined
    ? [problemText(writtenAs('auth'), 'there are no API tokens', 'set --tokens=FILE too')]
    : [problemText(writtenAs('tokensFile'), 'nobody asks for API tokens', 'set --auth=tokens too')];
}

const TLS_PAIRS = [
  ['cert', 'key'],
  ['tlsCert', 'tlsKey'],
] as const;

function accessProblems(values: Partial<Values>): string[] {
  const problems = TLS_PAIRS.filter(
    ([cert, key]) => (values[cert] === undefined) !== (values[key] === undefined),
  ).map(([cert, key]) =>
    problemText(
      `--${SETTINGS[cert].flag}`,
      `it goes with --${SETTINGS[key].flag}, and only one of them is set`,
      'set both',
    ),
  );
  if (values.discoverySrv !== undefined && (values.endpoints ?? []).length > 0) {
    problems.push(
      problemText('--discovery-srv', 'endpoints are set too', 'set only one of --endpoints and it'),
    );
  }
  if (values.tlsClientCa === undefined || values.tlsCert !== undefined) return problems;
  const detail = 'client certificates need TLS';
  return [...problems, problemText('--tls-client-ca', detail, 'set --tls-cert and --tls-key too')];
}

function prefixProblems(
  { lockPrefix, electionPrefix }: Partial<Values>,
  writtenAs: WrittenAs,
): string[] {
  if (lockPrefix === undefined || electionPrefix === undefined) return [];
  if (!isInside(lockPrefix, electionPrefix) && !isInside(electionPrefix, lockPrefix)) return [];
  return [
    problemText(
      writtenAs('lockPrefix'),
      `${JSON.stringify(lockPrefix)} and ${writtenAs('electionPrefix')} ${JSON.stringify(electionPrefix)} lie one inside the other`,
      'write two prefixes of which neither begins with the other, such as locks/ and elections/',
    ),
  ];
}
