// Rules for docker-compose.yml: mistakes that compose rejects, and mistakes that start but do not work or are insecure.
import { parseDocument } from 'yaml';

const TOP_KEYS = ['name', 'services', 'networks', 'volumes'];
const SERVICE_KEYS = [
  'build',
  'cap_drop',
  'depends_on',
  'environment',
  'healthcheck',
  'image',
  'init',
  'networks',
  'ports',
  'read_only',
  'restart',
  'security_opt',
  'stop_grace_period',
  'volumes',
];
const CONDITIONS = ['service_started', 'service_healthy', 'service_completed_successfully'];
const OWN_VARIABLE = /^(LATCHKEY|ETCDCTL)_/;
const ETCD_IMAGE = /\/etcd:v(?<version>[\d.]+)$/;

/**
 * @param {string} text
 * @param {{ defaults: Map<string, string>, etcdVersion: string | undefined }} facts the defaults of the gateway's settings, and the
 *   version of etcd that it downloads
 * @returns {string[]}
 */
export function composeProblems(text, facts) {
  const document = parseDocument(text, { merge: true, uniqueKeys: true });
  if (document.errors.length > 0) return document.errors.map(({ message }) => message);
  const compose = document.toJS();
  const services = Object.entries(compose.services ?? {}).map(([name, service]) => ({
    name,
    ...service,
  }));
  const members = services.filter(({ image }) => ETCD_IMAGE.test(image ?? ''));
  const gateways = services.filter(({ build }) => build !== undefined);
  return [
    ...unknownKeys(compose),
    ...services.flatMap((service) => serviceProblems(service, compose)),
    ...unusedProblems(compose, services),
    ...memberProblems(members, facts.etcdVersion),
    ...(gateways.length === 1
      ? []
      : [`${gateways.length} services are built from this folder, not one`]),
    ...gateways.flatMap((gateway) => gatewayProblems(gateway, members, facts.defaults)),
  ];
}

function unknownKeys(compose) {
  const top = Object.keys(compose).filter((key) => !TOP_KEYS.includes(key) && !/^x-/.test(key));
  const inner = Object.entries(compose.services ?? {}).flatMap(([name, service]) =>
    Object.keys(service)
      .filter((key) => !SERVICE_KEYS.includes(key))
      .map((key) => `${name}.${key}`),
  );
  return [...top, ...inner].map((key) => `${key} is not a known key; a spelling mistake?`);
}

function serviceProblems({ name, ...service }, compose) {
  const problems = [];
  if (!/:(?!latest$)[\w.-]+$/.test(service.image ?? ''))
    problems.push('its image has no fixed tag');
  problems.push(...healthProblems(service.healthcheck));
  for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
    const target = compose.services[other];
    if (target === undefined) problems.push(`depends on ${other}, which is not a service`);
    if (!CONDITIONS.includes(condition)) problems.push(`${condition} is not a condition`);
    if (condition === 'service_healthy' && target?.healthcheck === undefined) {
      problems.push(`waits for the health of ${other}, which has no health check`);
    }
  }
  for (const volume of service.volumes ?? []) {
    const [source] = volume.split(':');
    if (!/^[./~]/.test(source) && !(source in (compose.volumes ?? {}))) {
      problems.push(`the volume ${source} is not declared`);
    }
  }
  for (const network of service.networks ?? []) {
    if (!(network in (compose.networks ?? {})))
      problems.push(`the network ${network} is not declared`);
  }
  for (const port of service.ports ?? []) {
    if (!/^127\.0\.0\.1:\d+:\d+$/.test(port))
      problems.push(`${port} is published beyond 127.0.0.1`);
  }
  for (const [variable, value] of Object.entries(service.environment ?? {})) {
    if (typeof value !== 'string') problems.push(`${variable} is not text: put it in quotes`);
    if (
      /PASSWORD|SECRET|TOKEN$|USER$/.test(variable) &&
      variable !== 'ETCD_INITIAL_CLUSTER_TOKEN'
    ) {
      problems.push(`${variable} is a secret in a file of the repository`);
    }
  }
  return problems.map((problem) => `${name}: ${problem}`);
}

function healthProblems(check) {
  if (check === undefined) return ['it has no health check'];
  return [
    ...(['CMD', 'CMD-SHELL'].includes(check.test?.[0]) ? [] : ['its health check runs no command']),
    ...['interval', 'timeout', 'start_period']
      .filter((key) => Number.isNaN(secondsOf(check[key])))
      .map((key) => `its health check's ${key} is not a duration`),
    ...(Number.isInteger(check.retries) ? [] : ["its health check's retries are not a number"]),
  ];
}

function unusedProblems({ volumes, networks }, services) {
  const used = (key) =>
    services.flatMap((service) => service[key] ?? []).map((v) => v.split(':')[0]);
  return [
    ...Object.keys(volumes ?? {})
      .filter((name) => !used('volumes').includes(name))
      .map((name) => `no service uses the volume ${name}`),
    ...Object.keys(networks ?? {})
      .filter((name) => !used('networks').includes(name))
      .map((name) => `no service uses the network ${name}`),
  ];
}

/** Each member must listen at the addresses that it advertises, and keep its data in its own volume. */
function memberProblems(members, etcdVersion) {
  if (members.length < 3) return [`${members.length} etcd members tolerate no failure`];
  const cluster = members
    .map(({ environment: e }) => `${e.ETCD_NAME}=${e.ETCD_INITIAL_ADVERTISE_PEER_URLS}`)
    .join(',');
  return members.flatMap(({ name, image, environment: e, volumes = [] }) => {
    const rules = [
      [
        ETCD_IMAGE.exec(image)?.groups.version === etcdVersion,
        `is not etcd ${etcdVersion}, which the gateway downloads`,
      ],
      [e.ETCD_NAME === name, 'its ETCD_NAME is not the name of its service'],
      [e.ETCD_INITIAL_CLUSTER === cluster, `ETCD_INITIAL_CLUSTER is not ${cluster}`],
      [
        isOwn(name, e.ETCD_ADVERTISE_CLIENT_URLS, e.ETCD_LISTEN_CLIENT_URLS),
        'advertises client URLs at which it does not listen',
      ],
      [
        isOwn(name, e.ETCD_INITIAL_ADVERTISE_PEER_URLS, e.ETCD_LISTEN_PEER_URLS),
        'advertises peer URLs at which it does not listen',
      ],
      [
        volumes.length === 1 && volumes[0].endsWith(`:${e.ETCD_DATA_DIR}`),
        'its data directory is not a volume',
      ],
      [
        members.filter((other) => other.volumes?.[0] === volumes[0]).length === 1,
        'shares its volume',
      ],
    ];
    return rules.filter(([isMet]) => !isMet).map(([, problem]) => `${name}: ${problem}`);
  });
}

function gatewayProblems(
  { name, environment, ports, networks, depends_on, ...gateway },
  members,
  defaults,
) {
  const unknown = Object.keys(environment).filter((v) => OWN_VARIABLE.test(v) && !defaults.has(v));
  const listen = environment.LATCHKEY_LISTEN ?? '';
  const drain = environment.LATCHKEY_DRAIN_TIMEOUT ?? defaults.get('LATCHKEY_DRAIN_TIMEOUT');
  const endpoints = members
    .map((member) => member.environment.ETCD_ADVERTISE_CLIENT_URLS)
    .join(',');
  const rules = [
    [unknown.length === 0, `${unknown.join(', ')}: the gateway has no such setting`],
    [/^0\.0\.0\.0:\d+$/.test(listen), 'does not listen on the addresses of its container'],
    [
      environment.LATCHKEY_ALLOW_ANONYMOUS === 'true',
      'would not start: LATCHKEY_ALLOW_ANONYMOUS is not true',
    ],
    [
      (environment.LATCHKEY_ALLOWED_HOSTS ?? '').split(',').includes(name),
      `its allowed hosts do not name ${name}`,
    ],
    [environment.ETCDCTL_ENDPOINTS === endpoints, `its endpoints are not ${endpoints}`],
    [
      (ports ?? []).some((port) => port.endsWith(`:${listen.split(':')[1]}`)),
      'publishes a port on which it does not listen',
    ],
    [
      members.every((member) => member.name in (depends_on ?? {})),
      'does not wait for every member',
    ],
    [
      members.every((member) => member.networks?.every((n) => networks?.includes(n))),
      'is not on the network of the members',
    ],
    [secondsOf(gateway.stop_grace_period) > Number(drain), 'would be killed before it has drained'],
  ];
  return rules.filter(([isMet]) => !isMet).map(([, problem]) => `${name}: ${problem}`);
}

function isOwn(name, advertised, listening) {
  if (!URL.canParse(advertised) || !URL.canParse(listening)) return false;
  const url = new URL(advertised);
  return url.hostname === name && url.port === new URL(listening).port;
}

function secondsOf(duration) {
  const match = /^(\d+)(s|m)$/.exec(duration ?? '');
  return match === null ? Number.NaN : Number(match[1]) * (match[2] === 'm' ? 60 : 1);
}
