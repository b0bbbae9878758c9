// Rules for deploy/kubernetes. The TypeScript compiler checks the manifests against the published types of Kubernetes: unknown fields,
// missing fields, wrong types. Further rules compare the files with each other and with the program.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';

const FOLDER = 'deploy/kubernetes';
const KUSTOMIZATION = 'kustomization.yaml';
const PROBES = { startupProbe: '/livez', livenessProbe: '/livez', readinessProbe: '/readyz' };
const REPLICAS_MIN = 2;
const COMPILER_OPTIONS = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  lib: ['lib.es5.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
};
const VIRTUAL_FILE = 'manifests.ts';
const typesFolder = path.dirname(
  createRequire(import.meta.url).resolve('kubernetes-types/package.json'),
);

/**
 * @param {string} root
 * @param {{ defaults: Map<string, string> }} facts the defaults of the gateway's settings by environment variable
 * @returns {string[]} problems, each after the name of its file
 */
export function kubernetesProblems(root, facts) {
  const folder = path.join(root, FOLDER);
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const documents = files.flatMap((file) => readDocuments(path.join(folder, file), file));
  const broken = documents.flatMap(({ file, errors }) => errors.map((text) => `${file}: ${text}`));
  if (broken.length > 0) return broken;
  const objects = documents.filter(({ file }) => file !== KUSTOMIZATION);
  const wrong = schemaProblems(objects);
  if (wrong.length > 0) return wrong;
  return [
    ...kustomizationProblems(documents, objects),
    ...crossFileProblems(new Map(objects.map(({ object }) => [object.kind, object])), facts),
  ];
}

function readDocuments(location, file) {
  return parseAllDocuments(fs.readFileSync(location, 'utf8'), { uniqueKeys: true }).map((each) => ({
    file,
    errors: each.errors.map(({ message }) => message),
    object: each.toJS(),
  }));
}

/** Compiles every object as a constant of its published type. Each error of the compiler is a problem of the file. */
function schemaProblems(objects) {
  const typed = objects.map(({ file, object }) => ({ file, object, module: moduleOf(object) }));
  const unknown = typed.filter(({ module }) => module === undefined);
  if (unknown.length > 0) {
    return unknown.map(
      ({ file, object }) => `${file}: there is no ${object.kind} in ${object.apiVersion}`,
    );
  }
  const lines = typed.map(
    ({ object, module }, i) =>
      `export const _${i}: import('${module}').${object.kind} = ${JSON.stringify(object)};`,
  );
  return diagnosticsOf(lines.join('\n')).map(({ line, text }) => `${typed[line].file}: ${text}`);
}

/** Returns the file of types for an object: `apps/v1`, `core/v1` for `v1`, and the first label of the domain for other groups. */
function moduleOf({ apiVersion = '', kind }) {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  const module = path.join(typesFolder, group.split('.')[0], `${version}.d.ts`);
  if (!fs.existsSync(module)) return undefined;
  const hasKind = fs.readFileSync(module, 'utf8').includes(`export interface ${kind} {`);
  return hasKind ? module.replace(/\.d\.ts$/, '.js') : undefined;
}

/** A cache: the types of Kubernetes and of the language do not change while the checks run. */
const parsed = new Map();

function diagnosticsOf(source) {
  const host = ts.createCompilerHost(COMPILER_OPTIONS);
  const { getSourceFile, fileExists } = host;
  const location = path.join(path.dirname(fileURLToPath(import.meta.url)), VIRTUAL_FILE);
  host.fileExists = (name) => name === location || fileExists(name);
  host.getSourceFile = (name, ...rest) => {
    if (name === location) return ts.createSourceFile(name, source, ts.ScriptTarget.ES2022);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, ...rest));
    return parsed.get(name);
  };
  const program = ts.createProgram([location], COMPILER_OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText, file, start = 0 }) => ({
    line: file?.fileName === location ? file.getLineAndCharacterOfPosition(start).line : 0,
    text: ts.flattenDiagnosticMessageText(messageText, ' '),
  }));
}

function kustomizationProblems(documents, objects) {
  const listed = documents.find(({ file }) => file === KUSTOMIZATION)?.object.resources ?? [];
  const present = [...new Set(objects.map(({ file }) => file))];
  return [
    ...present
      .filter((file) => !listed.includes(file))
      .map((file) => `${KUSTOMIZATION}: ${file} is not among its resources`),
    ...listed
      .filter((file) => !present.includes(file))
      .map((file) => `${KUSTOMIZATION}: there is no ${file}`),
  ];
}

function crossFileProblems(byKind, { defaults }) {
  const required = ['Deployment', 'Service', 'PodDisruptionBudget', 'ConfigMap', 'NetworkPolicy'];
  const missing = required.filter((kind) => !byKind.has(kind));
  if (missing.length > 0) return missing.map((kind) => `no file has a ${kind}`);
  const [deployment, service, budget, settings, policy] = required.map((kind) => byKind.get(kind));
  const { labels } = deployment.spec.template.metadata;
  return [
    ...deploymentProblems(deployment, settings, defaults),
    ...serviceProblems(service, deployment, settings),
    ...(selects(service.spec.selector, labels)
      ? []
      : ['service.yaml: it selects no pod of the deployment']),
    ...(selects(policy.spec.podSelector.matchLabels, labels)
      ? []
      : ['network-policy.yaml: it selects no pod of the deployment']),
    ...(selects(budget.spec.selector.matchLabels, labels)
      ? []
      : ['disruption-budget.yaml: it selects no pod of the deployment']),
    ...(budget.spec.minAvailable < deployment.spec.replicas
      ? []
      : ['disruption-budget.yaml: no pod could ever be evicted']),
  ];
}

function deploymentProblems({ spec }, settings, defaults) {
  const pod = spec.template.spec;
  const [gateway] = pod.containers;
  const environment = new Map(Object.entries(settings.data));
  const drainSeconds = Number(
    environment.get('LATCHKEY_DRAIN_TIMEOUT') ?? defaults.get('LATCHKEY_DRAIN_TIMEOUT'),
  );
  const pauseSeconds =
    Number(
      /setTimeout\(.*, (\d+)\)/.exec(
        gateway.lifecycle?.preStop?.exec?.command.join(' ') ?? '',
      )?.[1] ?? 0,
    ) / 1000;
  return [
    ...(spec.replicas >= REPLICAS_MIN
      ? []
      : [`it has ${spec.replicas} replicas: with fewer than two an update is an outage`]),
    ...(selects(spec.selector.matchLabels, spec.template.metadata.labels)
      ? []
      : ['its selector does not select its own pods']),
    ...Object.entries(PROBES).flatMap(([probe, where]) => probeProblems(probe, where, gateway)),
    ...(pauseSeconds > 0 ? [] : ['preStop does not wait until the service sends no more requests']),
    ...(pod.terminationGracePeriodSeconds > pauseSeconds + 2 * drainSeconds
      ? []
      : ['terminationGracePeriodSeconds is not longer than the pause and twice the drain']),
    ...(pod.securityContext?.runAsNonRoot === true ? [] : ['it can run as root']),
    ...(pod.automountServiceAccountToken === false
      ? []
      : ['its pods have a service account token that they do not need']),
    ...(gateway.securityContext?.readOnlyRootFilesystem === true
      ? []
      : ['its root file system is writable']),
    ...(gateway.securityContext?.allowPrivilegeEscalation === false
      ? []
      : ['it can gain privileges']),
    ...(gateway.envFrom?.some(({ configMapRef }) => configMapRef?.name === settings.metadata.name)
      ? []
      : [`it does not read the ConfigMap ${settings.metadata.name}`]),
    ...(gateway.resources?.limits?.cpu === undefined
      ? []
      : ['a CPU limit makes it renew leases late']),
  ]
    .map((text) => `deployment.yaml: ${text}`)
    .concat(settingsProblems(environment, defaults));
}

function probeProblems(probe, where, gateway) {
  const check = gateway[probe]?.httpGet;
  if (check?.path !== where) return [`${probe} does not request ${where}`];
  const isPort = gateway.ports.some(({ name, containerPort }) =>
    [name, containerPort].includes(check.port),
  );
  return isPort ? [] : [`${probe} uses port ${check.port}, which the container does not have`];
}

function settingsProblems(environment, defaults) {
  return [...environment.keys()]
    .filter((name) => !defaults.has(name))
    .map((name) => `settings.yaml: there is no setting ${name}`);
}

function serviceProblems(service, deployment, settings) {
  const { name } = service.metadata;
  const hosts = (settings.data.LATCHKEY_ALLOWED_HOSTS ?? '').split(',');
  const ports = deployment.spec.template.spec.containers[0].ports.map((port) => port.name);
  return [
    ...(hosts.includes(name) && hosts.some((host) => host.startsWith(`${name}.`))
      ? []
      : [`settings.yaml: LATCHKEY_ALLOWED_HOSTS does not name the service ${name}`]),
    ...service.spec.ports
      .filter(({ targetPort }) => !ports.includes(targetPort))
      .map(({ targetPort }) => `service.yaml: no container has a port ${targetPort}`),
  ];
}

function selects(selector, labels) {
  return (
    Object.entries(selector ?? {}).every(([label, value]) => labels?.[label] === value) &&
    selector !== undefined
  );
}
