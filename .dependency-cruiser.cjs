// The arrows of the house: http -> domain -> etcd, errors and caller are leaves, embedded stands beside, main and app above.
const layer = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: ['^src/main\\.ts$', '^src/embedded/supervisor\\.ts$', '\\.d\\.ts$'],
      },
      to: {},
    },
    layer(
      'errors-is-a-leaf',
      '^src/(errors|caller|secret)\\.ts$',
      '^src/(?!errors|secret)',
      'errors.ts, caller.ts and secret.ts import nothing of ours but each other',
    ),
    layer(
      'etcd-knows-no-upper-layer',
      '^src/etcd/',
      '^src/(domain|http|embedded|app|main|config|metrics)',
      'the protocol layer stands alone',
    ),
    layer(
      'domain-knows-no-door',
      '^src/domain/',
      '^src/(http|embedded|app|main|config|metrics)',
      'the verbs know no HTTP and no environment',
    ),
    layer(
      'contention-and-leases-lie-below',
      '^src/domain/(contention|leases)/',
      '^src/domain/(locks|elections|keys|transaction|v2)/',
      'locks and elections are built on them',
    ),
    layer(
      'locks-and-elections-know-no-keys',
      '^src/domain/(locks|elections)/',
      '^src/domain/(keys|transaction|v2)/',
      'guards are for keys, not the other way round',
    ),
    layer(
      'v2-lies-above',
      '^src/domain/(keys|transaction|watch)/',
      '^src/domain/v2/',
      'nothing knows of v2 but its door and the rights',
    ),
    layer(
      'embedded-stands-beside',
      '^src/embedded/',
      '^src/(domain|http|etcd|app|main|config)',
      'embedded etcd is independent of the gateway',
    ),
    layer(
      'doors-below-app',
      '^src/http/',
      '^src/(embedded|app\\.ts|main\\.ts|config\\.ts|metrics\\.ts)',
      'doors get what they need handed in',
    ),
    {
      name: 'doors-go-through-the-domain',
      severity: 'error',
      comment: 'only raw and auth reach past the domain',
      from: { path: '^src/http/', pathNot: '^src/http/(raw|auth)' },
      to: { path: '^src/etcd/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'express-only-in-http',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(http/|app\\.ts)' },
      to: {
        path: 'node_modules/(@types/)?(express|http-proxy-middleware|swagger-ui-express|helmet)',
      },
    },
    {
      name: 'prom-client-only-in-metrics',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/metrics\\.ts$' },
      to: { path: 'node_modules/prom-client' },
    },
    {
      name: 'axios-only-in-transport',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/etcd/transport/(transport|http-adapter)\\.ts$' },
      to: { path: 'node_modules/axios' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
