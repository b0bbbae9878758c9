// The settings for discovery, certificates and identities, of clients and of the gateway itself.
import { parseDomain, parseServiceName, parseDnsServers } from './address.js';
import { durationIn } from './duration.js';
import { setting } from './setting.js';
import { AUTH_MODES, parseAuthMode, parseSecret, parseUser } from './identity-values.js';
import { parseOptionalPath } from './values.js';

const DISCOVERY_INTERVAL_RANGE = { secondsMin: 1, secondsMax: 86_400 };

export const IDENTITY = {
  auth: setting({
    env: 'LATCHKEY_AUTH',
    flag: 'auth',
    placeholder: AUTH_MODES.join('|'),
    default: '',
    defaultNote: 'none',
    parse: parseAuthMode,
    describe: 'client authentication: none, users of etcd, or API tokens',
  }),
  tokensFile: setting({
    env: 'LATCHKEY_TOKENS',
    flag: 'tokens',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'JSON file of API tokens for --auth=tokens; reloaded when it changes',
  }),
} as const;

export const SERVER_TLS = {
  tlsCert: setting({
    env: 'LATCHKEY_TLS_CERT',
    flag: 'tls-cert',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'certificate of this gateway, PEM, to serve HTTPS; reloaded when it changes',
  }),
  tlsKey: setting({
    env: 'LATCHKEY_TLS_KEY',
    flag: 'tls-key',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'private key of --tls-cert, PEM',
  }),
  tlsClientCa: setting({
    env: 'LATCHKEY_TLS_CLIENT_CA',
    flag: 'tls-client-ca',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'authority that must sign client certificates, PEM; counts as authentication',
  }),
} as const;

export const ETCD_ACCESS = {
  discoverySrv: setting({
    env: 'ETCDCTL_DISCOVERY_SRV',
    flag: 'discovery-srv',
    placeholder: 'DOMAIN',
    default: '',
    parse: parseDomain,
    describe: 'domain with SRV records of the etcd endpoints; replaces --endpoints',
  }),
  discoverySrvName: setting({
    env: 'ETCDCTL_DISCOVERY_SRV_NAME',
    flag: 'discovery-srv-name',
    placeholder: 'NAME',
    default: '',
    parse: parseServiceName,
    describe: 'suffix of the SRV service name: _etcd-client-NAME._tcp.DOMAIN',
  }),
  discoveryIntervalSeconds: setting({
    env: 'LATCHKEY_DISCOVERY_INTERVAL',
    flag: 'discovery-interval',
    placeholder: 'SECONDS',
    default: '30',
    parse: durationIn(DISCOVERY_INTERVAL_RANGE),
    describe: 'interval between lookups of the SRV records',
  }),
  dnsServers: setting({
    env: 'LATCHKEY_DNS_SERVERS',
    flag: 'dns-servers',
    placeholder: 'ADDRESS,...',
    default: '',
    defaultNote: "the system's",
    parse: parseDnsServers,
    describe: 'DNS servers for SRV records and endpoint names, ADDRESS or ADDRESS:PORT',
    isList: true,
  }),
  user: setting({
    env: 'ETCDCTL_USER',
    flag: 'user',
    placeholder: 'NAME[:PASSWORD]',
    default: '',
    defaultNote: 'none',
    parse: parseUser,
    describe: 'etcd user of the gateway itself',
    isSecret: true,
  }),
  password: setting({
    env: 'ETCDCTL_PASSWORD',
    flag: 'password',
    placeholder: 'PASSWORD',
    default: '',
    defaultNote: 'that of --user',
    parse: parseSecret,
    describe: 'password of --user; ETCDCTL_PASSWORD_FILE is safer',
    isSecret: true,
  }),
  cacert: setting({
    env: 'ETCDCTL_CACERT',
    flag: 'cacert',
    placeholder: 'FILE',
    default: '',
    defaultNote: "the system's",
    parse: parseOptionalPath,
    describe: "authority that signs etcd's certificates, PEM; reloaded when it changes",
  }),
  cert: setting({
    env: 'ETCDCTL_CERT',
    flag: 'cert',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'client certificate of the gateway for etcd, PEM',
  }),
  key: setting({
    env: 'ETCDCTL_KEY',
    flag: 'key',
    placeholder: 'FILE',
    default: '',
    parse: parseOptionalPath,
    describe: 'private key of --cert, PEM',
  }),
} as const;
