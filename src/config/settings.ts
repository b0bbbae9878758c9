// The table of settings: one row is a flag, an environment variable, a line of --help and of the README.
// Order is the order of --help. Only what works today stands here.
import {
  parseAdvertiseUrls,
  parseAllowedHosts,
  parseEndpoints,
  parseListen,
  parseOrigins,
} from './address.js';
import { durationIn } from './duration.js';
import { DOOR_TLS, ETCD_ACCESS, IDENTITY } from './access-settings.js';
import { EMBEDDED } from './embedded-settings.js';
import { row } from './setting.js';
import type { SettingTable, ValuesOf } from './setting.js';
import {
  bytesUpTo,
  integerUpTo,
  optionalIntegerUpTo,
  parseBoolean,
  parseKeyPrefix,
  parseLogLevel,
} from './values.js';

const REQUEST_TIMEOUT_RANGE = { secondsMin: 0.1, secondsMax: 3600 };
const CONNECT_TIMEOUT_RANGE = { secondsMin: 0.01, secondsMax: 60 };
const DRAIN_TIMEOUT_RANGE = { secondsMin: 0, secondsMax: 3600 };
const EVENT_LOOP_DELAY_RANGE = { secondsMin: 0.01, secondsMax: 60 };
const BODY_LIMIT_BYTES_MAX = 100 * 1024 * 1024;
const BODY_MEMORY_BYTES_MAX = 1024 * 1024 * 1024 * 1024;

const SERVING = {
  listen: row({
    env: 'LATCHKEY_LISTEN',
    flag: 'listen',
    alsoCalled: ['port', 'host', 'bind', 'address', 'addr'],
    placeholder: 'HOST:PORT',
    default: '127.0.0.1:8888',
    parse: parseListen,
    describe:
      'address and port to serve on; not loopback: only with --auth, --tls-client-ca or --allow-anonymous',
  }),
  allowAnonymous: row({
    env: 'LATCHKEY_ALLOW_ANONYMOUS',
    flag: 'allow-anonymous',
    default: 'false',
    parse: parseBoolean,
    describe: 'serve other machines without authentication',
  }),
  advertiseUrls: row({
    env: 'LATCHKEY_ADVERTISE_URL',
    flag: 'advertise-url',
    placeholder: 'URL,...',
    default: '',
    defaultNote: "from listen, else the request's Host",
    parse: parseAdvertiseUrls,
    describe: 'URLs under which clients reach this gateway; their hosts and origins are admitted',
    isList: true,
  }),
  allowedHosts: row({
    env: 'LATCHKEY_ALLOWED_HOSTS',
    flag: 'allowed-hosts',
    placeholder: 'NAME,...',
    default: '',
    defaultNote: 'localhost and IP addresses only',
    parse: parseAllowedHosts,
    describe: 'host names that requests may be addressed to: names, *.suffix or *',
    isList: true,
  }),
  corsOrigins: row({
    env: 'LATCHKEY_CORS_ORIGINS',
    flag: 'cors-origins',
    placeholder: 'ORIGIN,...',
    default: '',
    defaultNote: 'none',
    parse: parseOrigins,
    describe: 'origins whose pages may call this gateway from a browser',
    isList: true,
  }),
} as const;

const ETCD = {
  endpoints: row({
    env: 'ETCDCTL_ENDPOINTS',
    flag: 'endpoints',
    placeholder: 'URL,...',
    default: '',
    defaultNote: 'embedded etcd',
    parse: parseEndpoints,
    describe: 'etcd endpoints: URLs, host:port or unix:///path/of/a/socket',
    isList: true,
  }),
} as const;

const KEYSPACE = {
  lockPrefix: row({
    env: 'LATCHKEY_LOCK_PREFIX',
    flag: 'lock-prefix',
    placeholder: 'PREFIX/',
    default: 'locks/',
    parse: parseKeyPrefix,
    describe: 'where locks live in the keyspace; ends with a slash',
  }),
  electionPrefix: row({
    env: 'LATCHKEY_ELECTION_PREFIX',
    flag: 'election-prefix',
    placeholder: 'PREFIX/',
    default: 'elections/',
    parse: parseKeyPrefix,
    describe: 'where elections live in the keyspace; ends with a slash',
  }),
  logLevel: row({
    env: 'LATCHKEY_LOG_LEVEL',
    flag: 'log-level',
    placeholder: 'LEVEL',
    default: 'info',
    parse: parseLogLevel,
    describe: 'trace, debug, info, warn, error, fatal or silent',
  }),
} as const;

const LIMITS = {
  requestTimeoutSeconds: row({
    env: 'LATCHKEY_REQUEST_TIMEOUT',
    flag: 'request-timeout',
    placeholder: 'SECONDS',
    default: '10',
    parse: durationIn(REQUEST_TIMEOUT_RANGE),
    describe: 'how long one request may take in all; 2.5, 500ms and 1m30s work too',
  }),
  connectTimeoutSeconds: row({
    env: 'LATCHKEY_CONNECT_TIMEOUT',
    flag: 'connect-timeout',
    placeholder: 'SECONDS',
    default: '1',
    parse: durationIn(CONNECT_TIMEOUT_RANGE),
    describe: 'how long a connection to one endpoint may take before the next is tried',
  }),
  bodyLimitBytes: row({
    env: 'LATCHKEY_BODY_LIMIT',
    flag: 'body-limit',
    placeholder: 'BYTES',
    default: '2359296',
    parse: bytesUpTo(BODY_LIMIT_BYTES_MAX),
    describe: 'maximum bytes of a value after decoding (etcd takes 1.5 MiB by default)',
  }),
  bodyMemoryBytes: row({
    env: 'LATCHKEY_BODY_MEMORY',
    flag: 'body-memory',
    placeholder: 'BYTES',
    default: '268435456',
    parse: bytesUpTo(BODY_MEMORY_BYTES_MAX),
    describe:
      'maximum bytes of request bodies in memory, over all requests; excess requests get 429',
  }),
  requestsMax: row({
    env: 'LATCHKEY_REQUESTS',
    flag: 'requests',
    placeholder: 'COUNT',
    default: '5000',
    parse: integerUpTo(10_000_000),
    describe: 'requests in progress at a time, waits and streams aside; one more gets 429',
  }),
  eventLoopDelaySeconds: row({
    env: 'LATCHKEY_EVENT_LOOP_DELAY',
    flag: 'event-loop-delay',
    placeholder: 'SECONDS',
    default: '0.5',
    parse: durationIn(EVENT_LOOP_DELAY_RANGE),
    describe: 'how late the process may be with its work; later, new waits get 429',
  }),
  callerRate: row({
    env: 'LATCHKEY_CALLER_RATE',
    flag: 'caller-rate',
    placeholder: 'COUNT',
    default: '',
    defaultNote: 'no limit',
    parse: optionalIntegerUpTo(10_000_000),
    describe: 'requests a second of one caller; more get 429 unless they renew or release',
  }),
  callerStreamsMax: row({
    env: 'LATCHKEY_CALLER_STREAMS',
    flag: 'caller-streams',
    placeholder: 'COUNT',
    default: '',
    defaultNote: 'no limit',
    parse: optionalIntegerUpTo(10_000_000),
    describe: 'waits and streams of one caller; one more gets 429',
  }),
  connectionsMax: row({
    env: 'LATCHKEY_CONNECTIONS',
    flag: 'connections',
    placeholder: 'COUNT',
    default: '50000',
    parse: integerUpTo(10_000_000),
    describe:
      'connections from clients; excess ones are closed; fewer if the limit of open files is low',
  }),
  drainSeconds: row({
    env: 'LATCHKEY_DRAIN_TIMEOUT',
    flag: 'drain-timeout',
    placeholder: 'SECONDS',
    default: '10',
    parse: durationIn(DRAIN_TIMEOUT_RANGE),
    describe: 'how long requests that run at SIGTERM may take to finish',
  }),
} as const;

const WAITING = {
  waitersPerLockMax: row({
    env: 'LATCHKEY_LOCK_WAITERS',
    flag: 'lock-waiters',
    placeholder: 'COUNT',
    default: '10000',
    parse: integerUpTo(10_000_000),
    describe: 'callers that may wait for one lock at this gateway; one more gets 429',
  }),
  waitersMax: row({
    env: 'LATCHKEY_WAITERS',
    flag: 'waiters',
    placeholder: 'COUNT',
    default: '20000',
    parse: integerUpTo(10_000_000),
    describe: 'callers that may wait for locks at this gateway in all',
  }),
  waitSecondsMax: row({
    env: 'LATCHKEY_LOCK_WAIT_MAX',
    flag: 'lock-wait-max',
    placeholder: 'SECONDS',
    default: '3600',
    parse: integerUpTo(3_600),
    describe: 'the longest wait that a lock call may ask for',
  }),
  ttlSecondsMax: row({
    env: 'LATCHKEY_LOCK_TTL_MAX',
    flag: 'lock-ttl-max',
    placeholder: 'SECONDS',
    default: '2592000',
    parse: integerUpTo(9_000_000_000),
    describe: 'the longest ttl that a lock may have',
  }),
  metadataBytesMax: row({
    env: 'LATCHKEY_LOCK_METADATA_LIMIT',
    flag: 'lock-metadata-limit',
    placeholder: 'BYTES',
    default: '4096',
    parse: integerUpTo(262_144),
    describe: 'the largest metadata of a lock, as JSON',
  }),
  streamsMax: row({
    env: 'LATCHKEY_STREAMS',
    flag: 'streams',
    placeholder: 'COUNT',
    default: '20000',
    parse: integerUpTo(10_000_000),
    describe: 'event streams and holds that may be open at this gateway; one more gets 429',
  }),
} as const;

export const SETTINGS = {
  ...SERVING,
  ...IDENTITY,
  ...DOOR_TLS,
  ...ETCD,
  ...ETCD_ACCESS,
  ...KEYSPACE,
  ...EMBEDDED,
  ...LIMITS,
  ...WAITING,
} satisfies SettingTable;

export type Values = ValuesOf<typeof SETTINGS>;

/** The flag or variable in which the user wrote a setting. */
export type WrittenAs = (name: keyof Values) => string;
