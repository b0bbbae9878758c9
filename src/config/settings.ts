// The table of settings: a row is a flag, an environment variable, an entry of --help and a line of docs/settings.md, in this order.
import {
  parseAdvertiseUrls,
  parseAllowedHosts,
  parseEndpoints,
  parseListen,
  parseOrigins,
} from './address.js';
import { durationIn } from './duration.js';
import { SERVER_TLS, ETCD_ACCESS, IDENTITY } from './access-settings.js';
import { EMBEDDED } from './embedded-settings.js';
import { setting } from './setting.js';
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
  listen: setting({
    env: 'LATCHKEY_LISTEN',
    flag: 'listen',
    alsoCalled: ['port', 'host', 'bind', 'address', 'addr'],
    placeholder: 'HOST:PORT',
    default: '127.0.0.1:8888',
    parse: parseListen,
    describe:
      'address and port; non-loopback requires --auth, --tls-client-ca or --allow-anonymous',
  }),
  allowAnonymous: setting({
    env: 'LATCHKEY_ALLOW_ANONYMOUS',
    flag: 'allow-anonymous',
    default: 'false',
    parse: parseBoolean,
    describe: 'allow --listen on non-loopback addresses without authentication',
  }),
  advertiseUrls: setting({
    env: 'LATCHKEY_ADVERTISE_URL',
    flag: 'advertise-url',
    placeholder: 'URL,...',
    default: '',
    defaultNote: "from listen, else the request's Host",
    parse: parseAdvertiseUrls,
    describe: 'public URLs of this gateway; requests with their hosts and origins are accepted',
    isList: true,
  }),
  allowedHosts: setting({
    env: 'LATCHKEY_ALLOWED_HOSTS',
    flag: 'allowed-hosts',
    placeholder: 'NAME,...',
    default: '',
    defaultNote: 'localhost and IP addresses only',
    parse: parseAllowedHosts,
    describe: 'accepted host names in requests: names, *.suffix or *',
    isList: true,
  }),
  corsOrigins: setting({
    env: 'LATCHKEY_CORS_ORIGINS',
    flag: 'cors-origins',
    placeholder: 'ORIGIN,...',
    default: '',
    defaultNote: 'none',
    parse: parseOrigins,
    describe: 'origins whose web pages may send requests to this gateway',
    isList: true,
  }),
} as const;

const ENDPOINTS = {
  endpoints: setting({
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
  lockPrefix: setting({
    env: 'LATCHKEY_LOCK_PREFIX',
    flag: 'lock-prefix',
    placeholder: 'PREFIX/',
    default: 'locks/',
    parse: parseKeyPrefix,
    describe: 'key prefix of locks; must end with a slash',
  }),
  electionPrefix: setting({
    env: 'LATCHKEY_ELECTION_PREFIX',
    flag: 'election-prefix',
    placeholder: 'PREFIX/',
    default: 'elections/',
    parse: parseKeyPrefix,
    describe: 'key prefix of elections; must end with a slash',
  }),
  logLevel: setting({
    env: 'LATCHKEY_LOG_LEVEL',
    flag: 'log-level',
    placeholder: 'LEVEL',
    default: 'info',
    parse: parseLogLevel,
    describe: 'log level: trace, debug, info, warn, error, fatal or silent',
  }),
} as const;

const LIMITS = {
  requestTimeoutSeconds: setting({
    env: 'LATCHKEY_REQUEST_TIMEOUT',
    flag: 'request-timeout',
    placeholder: 'SECONDS',
    default: '10',
    parse: durationIn(REQUEST_TIMEOUT_RANGE),
    describe: 'maximum time of one request: seconds such as 2.5, or 500ms or 1m30s',
  }),
  connectTimeoutSeconds: setting({
    env: 'LATCHKEY_CONNECT_TIMEOUT',
    flag: 'connect-timeout',
    placeholder: 'SECONDS',
    default: '1',
    parse: durationIn(CONNECT_TIMEOUT_RANGE),
    describe: 'maximum time to connect to an endpoint; then the next one is tried',
  }),
  bodyLimitBytes: setting({
    env: 'LATCHKEY_BODY_LIMIT',
    flag: 'body-limit',
    placeholder: 'BYTES',
    default: '2359296',
    parse: bytesUpTo(BODY_LIMIT_BYTES_MAX),
    describe: 'maximum bytes of a value after decoding; etcd accepts 1.5 MiB by default',
  }),
  bodyMemoryBytes: setting({
    env: 'LATCHKEY_BODY_MEMORY',
    flag: 'body-memory',
    placeholder: 'BYTES',
    default: '268435456',
    parse: bytesUpTo(BODY_MEMORY_BYTES_MAX),
    describe: 'maximum bytes of all request bodies in memory; excess requests get 429',
  }),
  requestsMax: setting({
    env: 'LATCHKEY_REQUESTS',
    flag: 'requests',
    placeholder: 'COUNT',
    default: '5000',
    parse: integerUpTo(10_000_000),
    describe: 'maximum concurrent requests, except waits and streams; excess requests get 429',
  }),
  eventLoopDelaySeconds: setting({
    env: 'LATCHKEY_EVENT_LOOP_DELAY',
    flag: 'event-loop-delay',
    placeholder: 'SECONDS',
    default: '0.5',
    parse: durationIn(EVENT_LOOP_DELAY_RANGE),
    describe: 'maximum delay of the event loop; above it, new waits and streams get 429',
  }),
  callerRate: setting({
    env: 'LATCHKEY_CALLER_RATE',
    flag: 'caller-rate',
    placeholder: 'COUNT',
    default: '',
    defaultNote: 'no limit',
    parse: optionalIntegerUpTo(10_000_000),
    describe:
      'maximum requests per second of one client; excess ones get 429, except renewals and releases',
  }),
  callerStreamsMax: setting({
    env: 'LATCHKEY_CALLER_STREAMS',
    flag: 'caller-streams',
    placeholder: 'COUNT',
    default: '',
    defaultNote: 'no limit',
    parse: optionalIntegerUpTo(10_000_000),
    describe: 'maximum concurrent waits and streams of one client; excess ones get 429',
  }),
  connectionsMax: setting({
    env: 'LATCHKEY_CONNECTIONS',
    flag: 'connections',
    placeholder: 'COUNT',
    default: '50000',
    parse: integerUpTo(10_000_000),
    describe:
      'maximum client connections, fewer if the open-file limit is low; excess ones are closed',
  }),
  drainSeconds: setting({
    env: 'LATCHKEY_DRAIN_TIMEOUT',
    flag: 'drain-timeout',
    placeholder: 'SECONDS',
    default: '10',
    parse: durationIn(DRAIN_TIMEOUT_RANGE),
    describe: 'maximum time for running requests to finish after SIGTERM',
  }),
} as const;

const WAITING = {
  waitersPerLockMax: setting({
    env: 'LATCHKEY_LOCK_WAITERS',
    flag: 'lock-waiters',
    placeholder: 'COUNT',
    default: '10000',
    parse: integerUpTo(10_000_000),
    describe: 'maximum clients that wait for one lock at this gateway; excess requests get 429',
  }),
  waitersMax: setting({
    env: 'LATCHKEY_WAITERS',
    flag: 'waiters',
    placeholder: 'COUNT',
    default: '20000',
    parse: integerUpTo(10_000_000),
    describe: 'maximum clients that wait for locks at this gateway; excess requests get 429',
  }),
  waitSecondsMax: setting({
    env: 'LATCHKEY_LOCK_WAIT_MAX',
    flag: 'lock-wait-max',
    placeholder: 'SECONDS',
    default: '3600',
    parse: integerUpTo(3_600),
    describe: 'maximum wait for a lock',
  }),
  ttlSecondsMax: setting({
    env: 'LATCHKEY_LOCK_TTL_MAX',
    flag: 'lock-ttl-max',
    placeholder: 'SECONDS',
    default: '2592000',
    parse: integerUpTo(9_000_000_000),
    describe: 'maximum ttl of a lock',
  }),
  metadataBytesMax: setting({
    env: 'LATCHKEY_LOCK_METADATA_LIMIT',
    flag: 'lock-metadata-limit',
    placeholder: 'BYTES',
    default: '4096',
    parse: integerUpTo(262_144),
    describe: 'maximum bytes of the metadata of a lock, as JSON',
  }),
  streamsMax: setting({
    env: 'LATCHKEY_STREAMS',
    flag: 'streams',
    placeholder: 'COUNT',
    default: '20000',
    parse: integerUpTo(10_000_000),
    describe: 'maximum open event streams and holds at this gateway; excess requests get 429',
  }),
} as const;

export const SETTINGS = {
  ...SERVING,
  ...IDENTITY,
  ...SERVER_TLS,
  ...ENDPOINTS,
  ...ETCD_ACCESS,
  ...KEYSPACE,
  ...EMBEDDED,
  ...LIMITS,
  ...WAITING,
} satisfies SettingTable;

export type Values = ValuesOf<typeof SETTINGS>;

/** The flag or variable in which the user wrote a setting. */
export type WrittenAs = (name: keyof Values) => string;
