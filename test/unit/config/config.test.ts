// What the user writes in flags and environment, and what the program makes of it.
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/config.js';
import type { Config } from '../../../src/config/config.js';
import { SETTINGS } from '../../../src/config/settings.js';

function run(argv: string[], env: NodeJS.ProcessEnv = {}): Config {
  const result = parseConfig(argv, env);
  if (result.kind !== 'run') throw new Error(JSON.stringify(result));
  return result.config;
}

function problems(argv: string[], env: NodeJS.ProcessEnv = {}): string[] {
  const result = parseConfig(argv, env);
  if (result.kind !== 'errors') throw new Error(`no errors: ${JSON.stringify(result)}`);
  return result.problems;
}

function text(argv: string[], env: NodeJS.ProcessEnv = {}): string {
  const result = parseConfig(argv, env);
  if (!('text' in result)) throw new Error(JSON.stringify(result));
  return result.text;
}

describe('parseConfig', () => {
  it('has a default for everything', () => {
    expect(run([])).toEqual({
      listen: { host: '127.0.0.1', port: 8888 },
      allowAnonymous: false,
      auth: 'none',
      advertiseUrls: [],
      allowedHosts: [],
      corsOrigins: [],
      endpoints: [],
      dnsServers: [],
      etcdTls: {},
      lockPrefix: 'locks/',
      electionPrefix: 'elections/',
      logLevel: 'info',
      dataDir: '.latchkey/',
      etcdDownloadUrl: 'https://github.com/etcd-io/etcd/releases/download',
      path: '',
      limits: {
        requestTimeoutSeconds: 10,
        connectTimeoutMs: 1000,
        bodyLimitBytes: 2359296,
        bodyMemoryBytes: 268435456,
        requestsMax: 5_000,
        eventLoopDelayMs: 500,
        callerRate: undefined,
        callerStreamsMax: undefined,
        connectionsMax: 50_000,
        drainSeconds: 10,
        streamsMax: 20_000,
        locks: {
          waitersPerLockMax: 10_000,
          waitersMax: 20_000,
          waitSecondsMax: 3_600,
          ttlSecondsMax: 2_592_000,
          metadataBytesMax: 4_096,
        },
      },
    });
  });

  it('hands on the PATH', () => {
    expect(run([], { PATH: '/a:/b' }).path).toBe('/a:/b');
  });

  it('freezes the result to the bottom', () => {
    const config = run(['--endpoints=a:1']);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.limits)).toBe(true);
    expect(Object.isFrozen(config.endpoints)).toBe(true);
  });

  it('lets a flag win over the environment', () => {
    const env = { LATCHKEY_LISTEN: '127.0.0.1:1111' };
    expect(run(['--listen', '127.0.0.1:2222'], env).listen.port).toBe(2222);
  });

  it('lets the environment win over the default', () => {
    expect(run([], { LATCHKEY_LOCK_PREFIX: 'mine/' }).lockPrefix).toBe('mine/');
  });

  it('takes an empty variable and an empty flag as not set', () => {
    const env = { LATCHKEY_LISTEN: '', LATCHKEY_LOCK_PREFIX: 'mine/', ETCDCTL_ENDPOINTS: '' };
    const config = run(['--lock-prefix='], env);
    expect([config.listen.port, config.lockPrefix, config.endpoints]).toEqual([8888, 'mine/', []]);
  });

  it('takes a flag with an equals sign and with a space', () => {
    expect(run(['--data-dir=/a=b']).dataDir).toBe('/a=b');
    expect(run(['--data-dir', '/a=b']).dataDir).toBe('/a=b');
  });

  it('ignores variables of etcdctl that are not its own', () => {
    expect(run([], { ETCDCTL_API: '3', ETCDCTL_ENDPOINT: 'x' }).endpoints).toEqual([]);
  });

  it('ignores variables that Kubernetes makes for a service of the same name', () => {
    const env = { LATCHKEY_PORT: 'tcp://10.0.0.1:80', LATCHKEY_SERVICE_HOST: '10.0.0.1' };
    expect(run([], env).listen.port).toBe(8888);
  });

  it('reports all problems at once, each with the value and what to write', () => {
    expect(
      problems(['--lisen=x', '--request-timeout=soon', 'serve'], {
        LATCHKEY_LOG_LEVEL: 'loud',
        LATCHKEY_BODY_LIMIT: '2MB',
      }),
    ).toEqual([
      '--lisen: unknown flag; did you mean --listen?',
      'serve: unknown command; write values as --flag=value',
      'LATCHKEY_LOG_LEVEL: "loud" is not a log level; write one of trace, debug, info, warn, error, fatal, silent',
      '--request-timeout: "soon" is not a duration; write seconds such as 10 or 0.5, or a duration such as 500ms or 1m30s',
      'LATCHKEY_BODY_LIMIT: "2MB" is not a number of bytes in range; write 1 to 104857600, digits only',
    ]);
  });

  it('names the variable that was probably meant', () => {
    expect(problems([], { LATCHKEY_LISTN: '127.0.0.1:1' })).toEqual([
      'LATCHKEY_LISTN: unknown setting; did you mean LATCHKEY_LISTEN?',
    ]);
  });

  it.each(['port=80', 'host=x', 'bind=x'])('names --listen for --%s', (flag) => {
    expect(problems([`--${flag}`]).join()).toMatch(/unknown flag; did you mean --listen\?$/);
  });

  it('points to the help for a flag that resembles none', () => {
    expect(problems(['--colour'])).toEqual(['--colour: unknown flag; see --help']);
  });

  it('names the command that was probably meant', () => {
    expect(problems(['healtcheck'])).toEqual([
      'healtcheck: unknown command; did you mean healthcheck?',
    ]);
  });

  it('does not use the next flag as a missing value', () => {
    expect(problems(['--listen', '--allow-anonymous'])).toEqual([
      '--listen: the value is missing; write --listen=HOST:PORT',
    ]);
  });

  it('rejects a single-valued flag that is set twice', () => {
    expect(problems(['--listen=127.0.0.1:1', '--listen=127.0.0.1:2'])).toEqual([
      '--listen: set 2 times; set it once',
    ]);
  });
});

describe('actions', () => {
  it('lists every flag, every variable and every default in the help', () => {
    const help = text(['--help']);
    for (const setting of Object.values(SETTINGS)) {
      expect(help).toContain(`--${setting.flag}`);
      expect(help).toContain(setting.env);
      if (setting.default !== '') expect(help).toContain(`default: ${setting.default}`);
    }
  });

  it('aligns the help in two columns of readable width', () => {
    const lines = text(['-h']).split('\n');
    const columns = lines
      .filter((line) => line.startsWith('  '))
      .map((line) => /^ {2}.+? {2,}/.exec(line)?.[0].length);
    expect(new Set(columns).size).toBe(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(132);
  });

  it('helps even when the settings are wrong', () => {
    expect(parseConfig(['--help', '--nonsense'], { LATCHKEY_LISTEN: '?' }).kind).toBe('help');
  });

  it('prints the version of the package', () => {
    expect(text(['--version'])).toMatch(/^latchkey \d+\.\d+\.\d+/);
  });

  it('prints the effective settings with where they come from', () => {
    const lines = text(['--print-config', '--log-level=warn'], { LATCHKEY_DATA_DIR: '/d x' });
    expect(lines).toMatch(/^LATCHKEY_LOG_LEVEL=warn +# --log-level$/m);
    expect(lines).toMatch(/^LATCHKEY_DATA_DIR="\/d x" +# environment$/m);
    expect(lines).toMatch(/^LATCHKEY_LISTEN=127\.0\.0\.1:8888 +# default$/m);
    expect(lines).toMatch(/^ETCDCTL_ENDPOINTS= +# default: embedded etcd$/m);
    expect(lines.split('\n')).toHaveLength(Object.keys(SETTINGS).length);
  });

  it('reports mistakes instead of printing settings that would not run', () => {
    expect(parseConfig(['--print-config', '--listen=x'], {}).kind).toBe('errors');
  });

  it('answers a health check with the settings that it needs', () => {
    const result = parseConfig(['healthcheck'], { LATCHKEY_LISTEN: '0.0.0.0:8888' });
    expect(result).toMatchObject({ kind: 'healthcheck', config: { listen: { port: 8888 } } });
  });
});

describe('hash-token', () => {
  it('reads or generates the token, regardless of the settings', () => {
    const env = { LATCHKEY_LISTEN: '0.0.0.0:8888', LATCHKEY_LISTN: 'x' };
    expect(parseConfig(['hash-token'], env)).toEqual({ kind: 'hash-token', generate: false });
    const making = parseConfig(['hash-token', '--generate'], env);
    expect(making).toEqual({ kind: 'hash-token', generate: true });
  });

  it('takes no token from the command line, which other processes see', () => {
    expect(problems(['hash-token', 'secret'])).toEqual([
      'secret: unknown command; write values as --flag=value',
    ]);
    expect(problems(['hash-token', '--token=secret'])[0]).toContain('unknown flag');
  });

  it('is the only command with --generate', () => {
    expect(problems(['--generate'])).toEqual([
      '--generate: only hash-token generates a token; write latchkey hash-token --generate',
    ]);
  });
});

describe('--listen', () => {
  it.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['LOCALHOST:80', { host: 'localhost', port: 80 }],
    ['[::1]:65535', { host: '::1', port: 65535 }],
    ['127.8.9.10:1', { host: '127.8.9.10', port: 1 }],
  ])('takes %s', (listen, expected) => {
    expect(run([`--listen=${listen}`]).listen).toEqual(expected);
  });

  it.each([
    ':8888',
    '8888',
    '127.0.0.1',
    '::1:8888',
    '[::1]',
    'a b:1',
    '127.0.0.1:65536',
    'http://a:1',
    '[a]:1',
    'a:-1',
  ])('refuses %s', (listen) => {
    expect(problems([`--listen=${listen}`])).toEqual([
      `--listen: ${JSON.stringify(listen)} is not an address and port; write 127.0.0.1:8888, [::1]:8888 or 0.0.0.0:8888`,
    ]);
  });

  it.each([
    '0.0.0.0:1',
    '[::]:1',
    '10.0.0.1:1',
    'gateway:1',
    '127.evil.example:1',
    '[::ffff:10.0.0.1]:1',
  ])('refuses to serve other machines on %s without authentication', (listen) => {
    expect(problems([], { LATCHKEY_LISTEN: listen }).join()).toMatch(
      /^LATCHKEY_LISTEN: .* is not a loopback address.*--allow-anonymous/,
    );
    expect(run([`--listen=${listen}`, '--allow-anonymous']).allowAnonymous).toBe(true);
  });
});

describe('--allow-anonymous', () => {
  it.each([
    [['--allow-anonymous'], {}, true],
    [['--allow-anonymous=false'], { LATCHKEY_ALLOW_ANONYMOUS: 'true' }, false],
    [[], { LATCHKEY_ALLOW_ANONYMOUS: 'Yes' }, true],
    [[], { LATCHKEY_ALLOW_ANONYMOUS: '0' }, false],
  ])('reads %j with %j as %j', (argv, env, expected) => {
    expect(run(argv, env).allowAnonymous).toBe(expected);
  });

  it('refuses other words', () => {
    expect(problems(['--allow-anonymous=maybe'])).toEqual([
      '--allow-anonymous: "maybe" is not a boolean; write true or false',
    ]);
  });
});

describe('lists', () => {
  it('normalises endpoints, joins repeated flags and names each once', () => {
    const argv = ['--endpoints', 'a:1, http://b:2/,', '--endpoints=https://c,a:1'];
    expect(run(argv).endpoints).toEqual(['http://a:1', 'http://b:2', 'https://c:2379']);
  });

  it('takes a unix socket as an endpoint', () => {
    expect(run(['--endpoints=unix:///run/etcd/client:0']).endpoints).toEqual([
      'unix:///run/etcd/client:0',
    ]);
    expect(problems(['--endpoints=unix://client:0']).join()).toContain('is not an etcd endpoint');
  });

  it('takes a fixed port on loopback alone for embedded etcd', () => {
    expect(run([]).etcdListen).toBeUndefined();
    expect(run(['--etcd-listen=localhost:2379']).etcdListen).toEqual({
      host: '127.0.0.1',
      port: 2379,
    });
    expect(run([], { LATCHKEY_ETCD_LISTEN: '[::1]:2379' }).etcdListen).toEqual({
      host: '::1',
      port: 2379,
    });
    expect(problems(['--etcd-listen=0.0.0.0:2379', '--listen=127.0.0.1:1'])).toEqual([
      '--etcd-listen: "0.0.0.0:2379" is not a loopback address; write 127.0.0.1:2379; embedded etcd has no authentication',
    ]);
    expect(problems(['--etcd-listen=127.0.0.1:0'])).toEqual([
      '--etcd-listen: "127.0.0.1:0" is not a fixed port; write 127.0.0.1:2379',
    ]);
  });

  it('refuses an endpoint with credentials without repeating them', () => {
    const [problem, ...more] = problems([], { ETCDCTL_ENDPOINTS: 'http://root:hunter2@a:1' });
    expect(problem).toMatch(/^ETCDCTL_ENDPOINTS: an endpoint contains a user name or password/);
    expect(problem).not.toContain('hunter2');
    expect(more).toEqual([]);
  });

  it('refuses what is no endpoint', () => {
    expect(problems(['--endpoints=ftp://a']).join()).toMatch(
      /"ftp:\/\/a" is not an etcd endpoint; write/,
    );
  });

  it('refuses a list without end', () => {
    const many = Array.from({ length: 101 }, (_, i) => `h${i}`).join(',');
    expect(problems([`--allowed-hosts=${many}`])).toEqual([
      '--allowed-hosts: the list has 101 entries; write at most 100',
    ]);
  });

  it('takes allowed hosts in lower case', () => {
    expect(run(['--allowed-hosts=Gateway,*.Example.com,*,a_b']).allowedHosts).toEqual([
      'gateway',
      '*.example.com',
      '*',
      'a_b',
    ]);
  });

  it.each(['http://a', 'a:8888', '*a', 'a..b', 'a/b', '*.*'])(
    'refuses %s as an allowed host',
    (host) => {
      expect(problems([`--allowed-hosts=${host}`])).toHaveLength(1);
    },
  );

  it('takes origins in the form that browsers send', () => {
    const argv = ['--cors-origins=HTTPS://Shop.Example:443/,http://localhost:3000'];
    expect(run(argv).corsOrigins).toEqual(['https://shop.example', 'http://localhost:3000']);
  });

  it.each(['*', 'null', 'shop.example', 'https://a/path', 'https://a?q', 'file:///a'])(
    'refuses %s as an origin',
    (origin) => {
      expect(problems([`--cors-origins=${origin}`])).toHaveLength(1);
    },
  );

  it('takes advertised URLs as origins', () => {
    expect(run(['--advertise-url=http://gw:8888/,http://gw2']).advertiseUrls).toEqual([
      'http://gw:8888',
      'http://gw2',
    ]);
  });

  it('refuses an advertised URL with credentials without repeating them', () => {
    expect(problems(['--advertise-url=http://me:hunter2@gw']).join()).not.toContain('hunter2');
  });
});

describe('key prefixes', () => {
  it.each(['locks', 'a\nb/', '\0latchkey/locks/', '\0latchkey/', `${'x'.repeat(256)}/`])(
    'refuses %j',
    (prefix) => {
      expect(problems([`--lock-prefix=${prefix}`])).toHaveLength(1);
      expect(problems([`--election-prefix=${prefix}`])).toHaveLength(1);
    },
  );

  it.each([
    ['a/', 'a/'],
    ['a/', 'a/b/'],
    ['a/b/', 'a/'],
    ['elections/mine/', ''],
  ])('refuses locks in %j beside elections in %j', (locks, elections) => {
    expect(problems([`--lock-prefix=${locks}`, `--election-prefix=${elections}`])).toEqual([
      expect.stringMatching(/overlap/),
    ]);
  });

  it('accepts prefixes that only look similar', () => {
    expect(run(['--lock-prefix=/app/a/', '--election-prefix=/app/ab/']).lockPrefix).toBe('/app/a/');
  });
});

describe('limits', () => {
  it('takes timeouts in seconds and as durations', () => {
    const argv = ['--request-timeout=2.5', '--connect-timeout=250ms', '--drain-timeout=1m30s'];
    expect(run(argv).limits).toMatchObject({
      requestTimeoutSeconds: 2.5,
      connectTimeoutMs: 250,
      drainSeconds: 90,
    });
  });

  it('refuses timeouts out of range', () => {
    expect(problems(['--request-timeout=0', '--connect-timeout=2m'])).toEqual([
      '--request-timeout: "0" is out of range; write 0.1 to 3600 seconds',
      '--connect-timeout: "2m" is out of range; write 0.01 to 60 seconds',
    ]);
  });

  it.each(['0', '-1', '1e3', '1.5', '104857601', '99999999999999999'])(
    'refuses a body limit of %s',
    (limit) => {
      expect(problems([`--body-limit=${limit}`])).toHaveLength(1);
    },
  );
});

describe('embedded etcd', () => {
  it('takes the download URL without a slash at the end', () => {
    expect(run(['--etcd-download-url=http://mirror/etcd/']).etcdDownloadUrl).toBe(
      'http://mirror/etcd',
    );
  });

  it.each(['mirror/etcd', 'file:///etcd', 'http://u:p@mirror', 'http://mirror?x'])(
    'refuses to download from %s',
    (url) => {
      expect(problems([`--etcd-download-url=${url}`])).toHaveLength(1);
    },
  );

  it('takes the program from the environment', () => {
    expect(run([], { LATCHKEY_ETCD_BIN: '/opt/etcd' }).etcdBin).toBe('/opt/etcd');
  });
});

describe('TLS of the gateway', () => {
  it('passes the certificate, the key and the authority for client certificates to the server', () => {
    const { serverTls } = run([
      '--tls-cert=/tls/cert.pem',
      '--tls-key=/tls/key.pem',
      '--tls-client-ca=/tls/ca.pem',
    ]);
    expect(serverTls).toEqual({
      cert: '/tls/cert.pem',
      key: '/tls/key.pem',
      ca: '/tls/ca.pem',
    });
  });

  it('passes the files for connections to etcd to the etcd client', () => {
    const { etcdTls } = run(['--cacert=/tls/ca.pem', '--cert=/tls/cert.pem', '--key=/tls/key.pem']);
    expect(etcdTls).toEqual({ ca: '/tls/ca.pem', cert: '/tls/cert.pem', key: '/tls/key.pem' });
  });
});

describe('identities', () => {
  const USER = ['--user=gateway:a:b'];

  it('takes a user with his password, or with the password beside him', () => {
    const both = run([...USER, '--auth=etcd']).user;
    expect([both?.name, both?.password.reveal()]).toEqual(['gateway', 'a:b']);
    const apart = run(['--user=gateway', '--auth=none'], { ETCDCTL_PASSWORD: 'secret' }).user;
    expect(apart?.password.reveal()).toBe('secret');
  });

  it('requires an explicit --auth if the gateway has its own etcd user', () => {
    expect(problems(USER)).toEqual([
      expect.stringMatching(/^--user: .*own etcd user.*--auth=none/),
    ]);
    expect(run([...USER, '--auth=none']).auth).toBe('none');
    expect(run([...USER, '--auth=etcd']).auth).toBe('etcd');
  });

  it.each([
    [['--auth=etdc'], /^--auth: "etdc"/],
    [['--user=gateway', '--auth=etcd'], /^--user: .*no password/],
    [['--user=:x', '--auth=etcd'], /^--user: .*not valid/],
    [['--password=x'], /^--password: .*no user/],
    [[...USER, '--password=x', '--auth=etcd'], /^--user: .*--password is also set/],
  ])('refuses %j', (argv, line) => {
    expect(problems(argv)).toEqual([expect.stringMatching(line)]);
  });

  it('allows other addresses than loopback with client authentication', () => {
    expect(problems(['--listen=0.0.0.0:1'])[0]).toContain('--auth');
    expect(run(['--listen=0.0.0.0:1', '--auth=etcd']).listen.host).toBe('0.0.0.0');
    expect(problems(['--listen=0.0.0.0:1', '--auth=none'])).toHaveLength(1);
  });

  it('shows no password', () => {
    const shown = text([...USER, '--auth=etcd', '--print-config'], { ETCDCTL_PASSWORD: '' });
    expect(shown).not.toContain('a:b');
  });
});
