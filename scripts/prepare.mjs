// What `npm start` and `npm test` run first: installs the packages and builds dist/ when they are missing or stale.
// Uses only Node, because a fresh checkout has nothing else. A second run finds valid stamps and exits immediately.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeLock } from './prepare-lock.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const NODE_VERSION_MIN = [20, 19];
const INSTALL_MINUTES_MAX = 15;
const BUILD_MINUTES_MAX = 5;
const LOCK_FILE = at('.latchkey', 'prepare.lock');
const PACKAGES_STAMP = at('node_modules', '.latchkey-stamp');
const BUILD_STAMP = at('dist', '.latchkey-stamp');
/** Settings of the calling npm that would leave out the compiler and the tests' packages; npm reads them in any case. */
const OMITTING_VARIABLES = [
  'node_env',
  'npm_config_omit',
  'npm_config_only',
  'npm_config_production',
];

try {
  await prepare();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function prepare() {
  refuseOldNode();
  protectDataFolder();
  if (arePackagesFresh() && isBuildFresh()) return;
  const release = await takeLock(LOCK_FILE, say);
  try {
    // Checked again: the previous holder of the lock may have done all of it.
    if (!arePackagesFresh()) await installPackages();
    if (!isBuildFresh()) await build();
  } finally {
    release();
  }
}

function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = NODE_VERSION_MIN;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new Error(
    `Node ${process.versions.node} is too old; install ${majorMin}.${minorMin} or newer`,
  );
}

/** npm makes the folder for its cache before this runs, writable by the group where the umask allows that. The gateway refuses it then. */
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

// Some packages are binaries of one platform: a folder that two machines share is stale on one of them.
function packagesStamp() {
  const digest = sha256(fs.readFileSync(at('package-lock.json')));
  return `${digest} ${process.platform} ${process.arch}\n`;
}

async function installPackages() {
  if (isInstalledByHand()) {
    fs.writeFileSync(PACKAGES_STAMP, packagesStamp());
    return;
  }
  say('installing packages (npm ci)');
  const npm = npmCommand();
  // No package needs a script of its own to be installed, and each such script runs with all rights of the user.
  await run(npm.file, [...npm.args, 'ci', '--include=dev', '--ignore-scripts'], {
    what: 'npm ci',
    env: installEnvironment(),
    minutesMax: INSTALL_MINUTES_MAX,
  });
  fs.writeFileSync(PACKAGES_STAMP, packagesStamp());
}

/** Whether a plain `npm ci` has already installed exactly what the lock file names, development packages included. */
function isInstalledByHand() {
  const installed = JSON.parse(readOr(at('node_modules', '.package-lock.json')) || '{}').packages;
  if (installed === undefined) return false;
  const wanted = JSON.parse(fs.readFileSync(at('package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([name, { version, integrity, optional }]) => {
    if (name === '') return true;
    const found = installed[name];
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity;
  });
}

/** The npm that runs this script, else the one on the PATH. */
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
  say('building dist/');
  const stamp = buildStamp();
  const tsc = at('node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    what: 'the build',
    env: process.env,
    minutesMax: BUILD_MINUTES_MAX,
  });
  pruneBuild();
  // Taken before the compiler ran: a file that was edited meanwhile makes the next start build again.
  fs.writeFileSync(BUILD_STAMP, stamp);
}

/** Removes what earlier builds wrote for sources that are gone. */
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
  // Standard output stays free for the program that comes after this one.
  const child = spawn(file, args, { cwd: ROOT, env, stdio: ['ignore', 2, 2] });
  const timer = setTimeout(() => child.kill('SIGKILL'), minutesMax * 60_000);
  // The child must not continue without the lock.
  const pass = (signal) => child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${what} cannot run: ${error.message}`)));
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${what} failed (${signal ?? `exit ${code}`}); see above`));
    });
  }).finally(() => {
    clearTimeout(timer);
    process.off('SIGINT', pass).off('SIGTERM', pass);
  });
}

/** All files below a folder of the project, sorted, with `/` between the names. */
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

function say(line) {
  process.stderr.write(`latchkey: ${line}\n`);
}
