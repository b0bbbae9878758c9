// Identifies a process by its ID and start time, because process IDs are reused.
import { readFile } from 'node:fs/promises';
import { runCommand } from './command.js';

const PS_LIMIT_MS = 5_000;
const START_TIME_FIELD = 22;
const STATE_FIELD = 3;
const GONE_STATES = new Set(['Z', 'X', 'x']);

/** Returns the start time of a running process in the system's notation, only for equality; `undefined` if it has exited. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? startTimeInProc(pid) : startTimeByPs(pid);
}

async function startTimeInProc(pid: number): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses, which can contain spaces and parentheses: count from its end.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[STATE_FIELD - 3] ?? '';
  return GONE_STATES.has(state) ? undefined : fields[START_TIME_FIELD - 3];
}

async function startTimeByPs(pid: number): Promise<string | undefined> {
  const result = await runCommand('/bin/ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    env: { LC_ALL: 'C' },
    timeoutMs: PS_LIMIT_MS,
  });
  if (result.kind === 'failed') return undefined;
  const [state = 'Z', ...start] = result.stdout.trim().split(/\s+/);
  return state.startsWith('Z') ? undefined : start.join(' ');
}
