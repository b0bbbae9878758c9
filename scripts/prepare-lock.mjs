// A lock file between processes of one machine, so that two starts at once do not install and build over each other.
// A holder that died leaves the file; the next process takes it over.
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';

/** Longer than an install and a build may take together. */
const WAIT_MINUTES_MAX = 21;
const POLL_MS = 200;

/**
 * @param {string} file
 * @param {(line: string) => void} say
 * @returns {Promise<() => void>} releases the lock; also called when the process exits
 */
export async function takeLock(file, say) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const mine = describe(process.pid);
  const giveUpAt = performance.now() + WAIT_MINUTES_MAX * 60_000;
  let hasSaid = false;
  while (!isCreated(file, mine)) {
    const theirs = readOrNothing(file);
    if (theirs === undefined) continue;
    if (!isAlive(theirs)) {
      takeAway(file, theirs);
      continue;
    }
    if (!hasSaid) say(`waiting for process ${theirs.split(' ')[0]}, which installs or builds here`);
    hasSaid = true;
    if (performance.now() > giveUpAt) {
      throw new Error(
        `process ${theirs.split(' ')[0]} still holds ${file}; end it, or remove the file`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const release = () => {
    process.off('exit', release);
    if (readOrNothing(file) === mine) fs.rmSync(file, { force: true });
  };
  process.on('exit', release);
  return release;
}

// Written to a draft and linked: no process sees the file without its content.
function isCreated(file, content) {
  const draft = `${file}.${process.pid}`;
  fs.rmSync(draft, { force: true });
  // Only a new file: never through a link that is there.
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

// Moved before it is removed: of several that find a dead holder's file, only one gets to move it. One that comes late and has moved
// the file of a new holder puts it back.
function takeAway(file, dead) {
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

/** `pid start-time`: the time tells a process from a later one with the same number. Empty where there is no /proc. */
function describe(pid) {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  // The name, second, is in parentheses and may contain anything; the start time is the 22nd field.
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
