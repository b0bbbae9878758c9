// Reads settings and the etcd version from the sources for the deployment checks, which also run without a build.
import fs from 'node:fs';
import path from 'node:path';

const SETTINGS_FILES = ['settings.ts', 'access-settings.ts', 'embedded-settings.ts'];

/**
 * @returns {{ defaults: Map<string, string>, etcdVersion: string | undefined }} the defaults of the settings by environment variable, and the
 *   version of etcd that the gateway downloads
 */
export function readFacts(root) {
  const settings = SETTINGS_FILES.map((name) => read(root, `src/config/${name}`)).join('\n');
  const rows = [...settings.matchAll(/env: '(?<env>\w+)',[^}]*?default: '(?<fallback>[^']*)'/g)];
  return {
    defaults: new Map(rows.map(({ groups }) => [groups.env, groups.fallback])),
    etcdVersion: /version: '(\d+\.\d+\.\d+)'/.exec(read(root, 'src/embedded/release.ts'))?.[1],
  };
}

function read(root, name) {
  return fs.readFileSync(path.join(root, name), 'utf8');
}
