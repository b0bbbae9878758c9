// Finds settings that contradict each other. Each problem is one line that names the settings as the user wrote them.
import { isLoopback } from './address.js';
import { problemText } from './setting.js';
import { SETTINGS } from './settings.js';
import type { Values, WrittenAs } from './settings.js';
import { isInside } from './values.js';

/** Returns all contradictions except `exposureProblems`. Settings that could not be parsed are missing and were reported before. */
export function combinationProblems(values: Partial<Values>, writtenAs: WrittenAs): string[] {
  return [
    ...prefixProblems(values, writtenAs),
    ...identityProblems(values, writtenAs),
    ...tokenProblems(values, writtenAs),
    ...accessProblems(values),
  ];
}

/** A non-loopback address requires client authentication, or the explicit permission to run without it. */
export function exposureProblems(
  { listen, allowAnonymous, auth = 'none', tlsClientCa }: Partial<Values>,
  writtenAs: WrittenAs,
): string[] {
  if (listen === undefined || isLoopback(listen.host) || allowAnonymous !== false) return [];
  if (auth !== 'none' || tlsClientCa !== undefined) return [];
  return [
    problemText(
      writtenAs('listen'),
      `${listen.host} is not a loopback address; without authentication any client that reaches it can read and write every key`,
      'listen on 127.0.0.1, set --auth or --tls-client-ca, or set --allow-anonymous (LATCHKEY_ALLOW_ANONYMOUS=true) if only trusted machines reach it',
    ),
  ];
}

function identityProblems(
  { auth, user, password }: Partial<Values>,
  writtenAs: WrittenAs,
): string[] {
  if (user === undefined) {
    if (password === undefined) return [];
    return [problemText(writtenAs('password'), 'no user is set', 'also set --user')];
  }
  const problems: string[] = [];
  if (user.password === undefined && password === undefined) {
    const hint = 'write NAME:PASSWORD, or set ETCDCTL_PASSWORD or ETCDCTL_PASSWORD_FILE';
    problems.push(problemText(writtenAs('user'), 'the user has no password', hint));
  }
  if (user.password !== undefined && password !== undefined) {
    const detail = `${writtenAs('password')} is also set`;
    problems.push(problemText(writtenAs('user'), detail, 'set the password only once'));
  }
  // With its own user, the gateway lends its rights to clients: the user has to choose which clients get them.
  if (auth === undefined) {
    const detail = 'the gateway has its own etcd user, but client authentication is not configured';
    const hint =
      'set --auth=etcd or --auth=tokens, or --auth=none to give every client the rights of this user';
    problems.push(problemText(writtenAs('user'), detail, hint));
  }
  return problems;
}

function tokenProblems({ auth, tokensFile }: Partial<Values>, writtenAs: WrittenAs): string[] {
  if ((auth === 'tokens') === (tokensFile !== undefined)) return [];
  return tokensFile === undefined
    ? [problemText(writtenAs('auth'), 'no file of API tokens is set', 'also set --tokens=FILE')]
    : [
        problemText(
          writtenAs('tokensFile'),
          'API tokens are not used without --auth=tokens',
          'also set --auth=tokens',
        ),
      ];
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
      `it requires --${SETTINGS[key].flag}, which is not set`,
      'set both',
    ),
  );
  if (values.discoverySrv !== undefined && (values.endpoints ?? []).length > 0) {
    problems.push(
      problemText('--discovery-srv', '--endpoints is also set', 'set only one of them'),
    );
  }
  if (values.tlsClientCa === undefined || values.tlsCert !== undefined) return problems;
  const detail = 'client certificates require TLS';
  return [...problems, problemText('--tls-client-ca', detail, 'also set --tls-cert and --tls-key')];
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
      `${JSON.stringify(lockPrefix)} and ${writtenAs('electionPrefix')} ${JSON.stringify(electionPrefix)} overlap`,
      'set two prefixes that do not begin with each other, such as locks/ and elections/',
    ),
  ];
}
