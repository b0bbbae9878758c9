// `npm start` and `npm test` run this first. It installs the packages and builds dist/ if they are missing or stale.
// It uses only Node, because a fresh checkout has no packages. A second run finds valid stamps and exits immediately.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireLock } from './prepare-lock.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const NODE_VERSION_MIN = [20, 19];
const INSTALL_MINUTES_MAX = 15;
const BUILD_MINUTES_MAX = 5;
const LOCK_FILE = at('.latchkey', 'prepare.lock');
const PACKAGES_STAMP = at('node_modules', '.latchkey-stamp');
const BUILD_STAMP = at('dist', '.latchkey-stamp');
/** Settings of the calling npm that omit the compiler and the packages of the tests. npm ignores the case of their names. */
const OMITTING_VARIABLES = [
  'node_env',
  'npm_config_omit',
  'npm_config_only',
  'npm_config_production',
];

try {
  await prepare();
} catch (error) {
  report(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function prepare() {
  requireSupportedNode();
  protectDataFolder();
  if (arePackagesFresh() && isBuildFresh()) return;
  const release = await acquireLock(LOCK_FILE, report);
  try {
    // Checked again: the previous holder of the lock may have done all of it.
    if (!arePackagesFresh()) await installPackages();
    if (!isBuildFresh()) await build();
  } finally {
    release();
  }
}

function requireSupportedNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = NODE_VERSION_MIN;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new Error(
    `Node ${process.versions.node} is too old; install ${majorMin}.${minorMin} or newer`,
  );
}

/** npm creates the folder for its cache before this runs. The umask may make it writable by the group, which the gateway rejects. */
function protectDataFolder() {
  const folder = at('.latchkey');
  const stats = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isDirectory()) return;
  if (stats.uid !== process.geteuid?.() || (stats.mode & 0o022) === 0) return;
  fs.chmodSync(folder, stats.mode & 0o755);
}

function arePackagesFresh() {
  return readOr(PACKAGES_STAMP) === packagesStamp();
}

// Some packages are binaries of one platform. A folder that two machines share is stale on one of them.
function packagesStamp() {
  const digest = sha256(fs.readFileSync(at('package-lock.json')));
  return `${digest} ${process.platform} ${process.arch}\n`;
}

async function installPackages() {
  if (isInstalledManually()) {
    fs.writeFileSync(PACKAGES_STAMP, packagesStamp());
    return;
  }
  report('installing packages (npm ci)');
  const npm = npmCommand();
  // No package needs an install script, and such scripts run with all rights of the user.
  await run(npm.file, [...npm.args, 'ci', '--include=dev', '--ignore-scripts'], {
    what: 'npm ci',
    env: installEnvironment(),
    minutesMax: INSTALL_MINUTES_MAX,
  });
  fs.writeFileSync(PACKAGES_STAMP, packagesStamp());
}

/** Whether a plain `npm ci` has installed exactly the packages of the lock file, development packages included. */
function isInstalledManually() {
  const installed = JSON.parse(readOr(at('node_modules', '.package-lock.json')) || '{}').packages;
  if (installed === undefined) return false;
  const required = JSON.parse(fs.readFileSync(at('package-lock.json'), 'utf8')).packages;
  return Object.entries(required).every(([name, { version, integrity, optional }]) => {
    if (name === '') return true;
    const found = installed[name];
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity;
  });
}

/** Returns the npm that runs this script, else the one on the PATH. */
function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli !== undefined && path.basename(cli) === 'npm-cli.js') {
    return { file: process.execPath, args: [cli] };
  }
  return { file: 'npm', args: [] };
}

function installEnvironment() {
  const entries = Object.entries(process.env);
  return Object.fromEntries(
    entries.filter(([name]) => !OMITTING_VARIABLES.includes(name.toLowerCase())),
  );
}

function isBuildFresh() {
  return fs.existsSync(at('dist', 'main.js')) && readOr(BUILD_STAMP) === buildStamp();
}

function buildStamp() {
  const inputs = [
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    ...filesBelow('src'),
  ];
  const lines = inputs.map((name) => `${sha256(fs.readFileSync(at(name)))} ${name}`);
  return `${sha256(lines.join('\n'))}\n`;
}

async function build() {
  report('building dist/');
  const stamp = buildStamp();
  const tsc = at('node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    what: 'the build',
    env: process.env,
    minutesMax: BUILD_MINUTES_MAX,
  });
  pruneBuild();
  // The stamp is from before the compiler ran. If a file was edited meanwhile, the next start builds again.
  fs.writeFileSync(BUILD_STAMP, stamp);
}

/** Removes the output of sources that no longer exist. */
function pruneBuild() {
  const sources = new Set(filesBelow('src').map((name) => name.slice('src/'.length)));
  for (const name of filesBelow('dist')) {
    const inside = name.slice('dist/'.length);
    const source = inside.replace(/\.js(\.map)?$/, '.ts');
    if (source !== inside && !sources.has(source)) fs.rmSync(at(name));
  }
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {{ what: string, env: NodeJS.ProcessEnv, minutesMax: number }} options
 * @returns {Promise<void>}
 */
function run(file, args, { what, env, minutesMax }) {
  // Standard output is reserved for the program that runs next.
  const child = spawn(file, args, { cwd: ROOT, env, stdio: ['ignore', 2, 2] });
  const timer = setTimeout(() => child.kill('SIGKILL'), minutesMax * 60_000);
  // The child must not continue after this process has released the lock.
  const forward = (signal) => child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${what} cannot run: ${error.message}`)));
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${what} failed (${signal ?? `exit ${code}`}); see above`));
    });
  }).finally(() => {
    clearTimeout(timer);
    process.off('SIGINT', forward).off('SIGTERM', forward);
  });
}

/** Returns all files below a folder of the project, sorted, with `/` between the names. */
function filesBelow(folder) {
  if (!fs.existsSync(at(folder))) return [];
  return fs
    .readdirSync(at(folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .map((name) => name.split(path.sep).join('/'))
    .sort();
}

function readOr(file, fallback = '') {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return fallback;
    throw error;
  }
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

function at(...names) {
  return path.join(ROOT, ...names);
}

function report(line) {
  process.stderr.write(`latchkey: ${line}\n`);
}
