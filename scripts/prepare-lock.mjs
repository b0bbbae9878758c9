// A lock file between the processes of one machine. It prevents two concurrent starts from installing and building in the same folder.
// The lock file of a dead holder remains. The next process takes it over.
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';

/** Longer than the limits of an install and a build together. */
const WAIT_MINUTES_MAX = 21;
const POLL_MS = 200;

/**
 * @param {string} file
 * @param {(line: string) => void} report
 * @returns {Promise<() => void>} a function that releases the lock; also called when the process exits
 */
export async function acquireLock(file, report) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const own = describe(process.pid);
  const giveUpAt = performance.now() + WAIT_MINUTES_MAX * 60_000;
  let isReported = false;
  while (!isCreated(file, own)) {
    const holder = readOrNothing(file);
    if (holder === undefined) continue;
    if (!isAlive(holder)) {
      removeDead(file, holder);
      continue;
    }
    if (!isReported)
      report(`waiting for process ${holder.split(' ')[0]}, which installs or builds here`);
    isReported = true;
    if (performance.now() > giveUpAt) {
      throw new Error(
        `process ${holder.split(' ')[0]} still holds ${file}; stop the process, or remove the file`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const release = () => {
    process.off('exit', release);
    if (readOrNothing(file) === own) fs.rmSync(file, { force: true });
  };
  process.on('exit', release);
  return release;
}

// Writes a draft and links it, so that no process sees the file without its content.
function isCreated(file, content) {
  const draft = `${file}.${process.pid}`;
  fs.rmSync(draft, { force: true });
  // Creates a new file only, and never writes through an existing link.
  fs.writeFileSync(draft, content, { flag: 'wx' });
  try {
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

// Moves the file before it removes it. If several processes find the file of a dead holder, only one can move it. A late process that moved
// the file of a new holder restores it.
function removeDead(file, dead) {
  const aside = `${file}.${process.pid}.dead`;
  try {
    fs.renameSync(file, aside);
    if (readOrNothing(aside) !== dead) fs.linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

function isAlive(description) {
  const pid = Number(description.split(' ')[0]);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    if (error.code !== 'EPERM') return false;
  }
  return describe(pid) === description;
}

/** Returns `pid start-time`. The time distinguishes a process from a later one with the same number. It is empty without /proc. */
function describe(pid) {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  // The second field is the name, in parentheses, and may contain any character. The start time is the 22nd field.
  const startTime = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return `${pid} ${startTime}`;
}

function readOrNothing(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  }
}
