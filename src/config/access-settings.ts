// The part of the table of settings about how etcd is found and trusted, and how the gateway is: discovery, certificates, identities.
import { parseDomain, parseServiceName, parseDnsServers } from './address.js';
import { durationIn } from './duration.js';
import { row } from './setting.js';
import { AUTH_MODES, parseAuthMode, parseSecret, parseUser } from './identity-values.js';
import { parseOptionalPath } from './values.js';

const DISCOVERY_INTERVAL_RANGE = { secondsMin: 1, secondsMax: 86_400 };

export const IDENTITY = {
  auth: row({
    env: 'LATCHKEY_AUTH',
    flag: 'auth',
    placeholder: AUTH_MODES.join('|'),
    default: '',
    defaultNote: 'none',
    parse: parseAuthMode,
    describe: 'who callers are: anybody, users of etcd, or owners of API tokens',
  }),
  tokensFile: row({
    env: 'LATCHKEY_TOKENS',
    flag: 'tokens',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'file of API tokens for --auth=tokens (JSON); read again when it changes',
  }),
} as const;

export const DOOR_TLS = {
  tlsCert: row({
    env: 'LATCHKEY_TLS_CERT',
    flag: 'tls-cert',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'certificate of this gateway, PEM: serves https; read again when it changes',
  }),
  tlsKey: row({
    env: 'LATCHKEY_TLS_KEY',
    flag: 'tls-key',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'its private key, PEM',
  }),
  tlsClientCa: row({
    env: 'LATCHKEY_TLS_CLIENT_CA',
    flag: 'tls-client-ca',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'authority whose certificates callers must present, PEM; counts as authentication',
  }),
} as const;

export const ETCD_ACCESS = {
  discoverySrv: row({
    env: 'ETCDCTL_DISCOVERY_SRV',
    flag: 'discovery-srv',
    placeholder: 'DOMAIN',
    default: '',
    parse: parseDomain,
    describe: 'domain whose SRV records name the etcd endpoints, instead of --endpoints',
  }),
  discoverySrvName: row({
    env: 'ETCDCTL_DISCOVERY_SRV_NAME',
    flag: 'discovery-srv-name',
    placeholder: 'NAME',
    default: '',
    parse: parseServiceName,
    describe: 'suffix of the service in these records: _etcd-client-NAME._tcp.DOMAIN',
  }),
  discoveryIntervalSeconds: row({
    env: 'LATCHKEY_DISCOVERY_INTERVAL',
    flag: 'discovery-interval',
    placeholder: 'SECONDS',
    default: '30',
    parse: durationIn(DISCOVERY_INTERVAL_RANGE),
    describe: 'how often the records are looked up again',
  }),
  dnsServers: row({
    env: 'LATCHKEY_DNS_SERVERS',
    flag: 'dns-servers',
    placeholder: 'ADDRESS,...',
    default: '',
    defaultNote: "the system's",
    parse: parseDnsServers,
    describe:
      'DNS servers to ask for the records and for the names of endpoints, ADDRESS or ADDRESS:PORT',
    isList: true,
  }),
  user: row({
    env: 'ETCDCTL_USER',
    flag: 'user',
    placeholder: 'NAME[:PASSWORD]',
    default: '',
    defaultNote: 'none',
    parse: parseUser,
    describe: 'etcd user as whom the gateway itself calls',
    isSecret: true,
  }),
  password: row({
    env: 'ETCDCTL_PASSWORD',
    flag: 'password',
    placeholder: 'PASSWORD',
    default: '',
    defaultNote: 'that of --user',
    parse: parseSecret,
    describe: "that user's password; better from ETCDCTL_PASSWORD_FILE",
    isSecret: true,
  }),
  cacert: row({
    env: 'ETCDCTL_CACERT',
    flag: 'cacert',
    placeholder: 'FILE',
    default: '',
    defaultNote: "the system's",
    parse: parseOptionalPath,
    describe: "authority of etcd's certificates, PEM; read again when it changes",
  }),
  cert: row({
    env: 'ETCDCTL_CERT',
    flag: 'cert',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'certificate that etcd is shown, PEM',
  }),
  key: row({
    env: 'ETCDCTL_KEY',
    flag: 'key',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'its private key, PEM',
  }),
} as const;
