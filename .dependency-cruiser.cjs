// Dependencies point one way: http -> domain -> etcd -> core. embedded imports only core. main, app, upstream, process and commands are on top.
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
      'core-is-a-leaf',
      '^src/core/',
      '^src/(?!core/)',
      'every layer may import core, so core imports no other folder',
    ),
    layer(
      'etcd-is-below-domain',
      '^src/etcd/',
      '^src/(domain|http|embedded|app|main|config|process|commands)',
      'the protocol layer depends on core and files alone',
    ),
    layer(
      'domain-is-below-apis',
      '^src/domain/',
      '^src/(http|embedded|app|main|config|process|commands)',
      'the operations depend on neither HTTP nor the environment',
    ),
    layer(
      'contention-and-leases-are-below-locks',
      '^src/domain/(contention|leases)/',
      '^src/domain/(locks|elections|keys|transaction|v2)/',
      'locks and elections are built on them',
    ),
    layer(
      'locks-and-elections-are-below-keys',
      '^src/domain/(locks|elections)/',
      '^src/domain/(keys|transaction|v2)/',
      'keys and transactions use the guards of locks; locks use no keys',
    ),
    layer(
      'v2-domain-only-in-v2-api',
      '^src/(?!domain/v2/|http/v2/)',
      '^src/domain/v2/',
      'only http/v2 depends on the v2 domain, so that the other APIs can be understood without it',
    ),
    layer(
      'embedded-is-independent',
      '^src/embedded/',
      '^src/(domain|http|etcd|app|main|config|process|commands)',
      'embedded etcd depends on core alone',
    ),
    layer(
      'apis-are-below-app',
      '^src/http/',
      '^src/(embedded|app\\.ts|main\\.ts|config/config\\.ts|process/(?!log)|commands)',
      'the APIs receive their dependencies as arguments',
    ),
    {
      name: 'apis-use-the-domain',
      severity: 'error',
      comment: 'only raw and auth import code of etcd/',
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
      from: { path: '^src/', pathNot: '^src/process/metrics\\.ts$' },
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
