// Reads the text of every setting from flags, environment and secret files, and parses it by the table. Collects all problems, so that
// one start reports all of them.
import { readFileSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { GatewayError } from '../core/errors.js';
import { nearestName } from '../core/nearest-name.js';
import { systemReason } from '../core/system-reason.js';
import { problemText } from './setting.js';
import type { Setting, SettingTable, SourceText, ValuesOf } from './setting.js';

/** Flags that are not settings; `generate` belongs to hash-token. */
const ACTION_FLAGS = ['help', 'version', 'print-config', 'generate'] as const;
type ActionFlag = (typeof ACTION_FLAGS)[number];

const SECRET_FILE_BYTES_MAX = 64 * 1024;
const OWN_ENV_PREFIX = 'LATCHKEY_';

export interface CommandLine {
  readonly actions: ReadonlySet<ActionFlag>;
  /** Arguments that are not flags, in order. */
  readonly words: readonly string[];
  /** By flag name, in order; booleans without a value are 'true'. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly string[];
}

export interface Reading<T extends SettingTable> {
  /** Every setting that could be parsed; all of them if there are no problems. */
  readonly values: Partial<ValuesOf<T>>;
  readonly sources: ReadonlyMap<string, SourceText>;
  readonly problems: readonly string[];
}

/** Splits the arguments by the table: `--flag=value`, `--flag value`, `--boolean`, `-h`, and words. */
export function readCommandLine(table: SettingTable, argv: readonly string[]): CommandLine {
  const settings = new Map(Object.values(table).map((setting) => [setting.flag, setting]));
  const actions = new Set<ActionFlag>();
  const words: string[] = [];
  const flags = new Map<string, string[]>();
  const problems: string[] = [];

  for (const token of tokensOf(table, argv)) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const action = ACTION_FLAGS.find((name) => name === token.name);
    const setting = settings.get(token.name);
    if (action !== undefined) actions.add(action);
    else if (setting === undefined) problems.push(unknownFlag(token.rawName, table));
    else if (isMissing(setting, token)) problems.push(missingValue(setting));
    else flags.set(token.name, [...(flags.get(token.name) ?? []), token.value ?? 'true']);
  }
  return { actions, words, flags, problems };
}

/** Parses every setting of the table: flag, else environment, else secret file, else default. Reads only the `<env>_FILE` files. */
export function readSettings<T extends SettingTable>(
  table: T,
  flags: CommandLine['flags'],
  env: NodeJS.ProcessEnv,
): Reading<T> {
  const values: Record<string, unknown> = {};
  const sources = new Map<string, SourceText>();
  const problems: string[] = [];
  for (const [name, setting] of Object.entries(table)) {
    try {
      const source = sourceOf(setting, flags, env);
      sources.set(name, source);
      values[name] = parsed(setting, source);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      problems.push(error.message);
    }
  }
  return {
    values: values as Partial<ValuesOf<T>>,
    sources,
    problems: [...problems, ...mistypedVariables(table, env)],
  };
}

function tokensOf(table: SettingTable, argv: readonly string[]) {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {};
  for (const { flag, placeholder } of Object.values(table)) {
    options[flag] = { type: placeholder === undefined ? 'boolean' : 'string' };
  }
  for (const flag of ACTION_FLAGS) options[flag] = { type: 'boolean' };
  options.help = { type: 'boolean', short: 'h' };
  return parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

interface OptionToken {
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

// `--listen --allow-anonymous` has a missing value, not an address that begins with dashes.
function isMissing(setting: Setting<unknown>, token: OptionToken): boolean {
  if (setting.placeholder === undefined) return false;
  return token.value === undefined || (token.inlineValue !== true && token.value.startsWith('--'));
}

function missingValue({ flag, placeholder }: Setting<unknown>): string {
  return problemText(`--${flag}`, 'the value is missing', `write --${flag}=${placeholder ?? ''}`);
}

function unknownFlag(rawName: string, table: SettingTable): string {
  const known = [...Object.values(table).map(({ flag }) => flag), ...ACTION_FLAGS];
  const name = rawName.replace(/^-+/, '');
  const same = Object.values(table).find(({ alsoCalled }) => alsoCalled?.includes(name));
  const near = same?.flag ?? nearestName(name, known);
  const hint = near === undefined ? 'see --help' : `did you mean --${near}?`;
  return problemText(rawName, 'unknown flag', hint);
}

function sourceOf(
  setting: Setting<unknown>,
  flags: CommandLine['flags'],
  env: NodeJS.ProcessEnv,
): SourceText {
  const values = (flags.get(setting.flag) ?? []).filter((text) => text !== '');
  if (values.length > 1 && setting.isList !== true) {
    throw settingError(`--${setting.flag}`, `set ${values.length} times`, 'set it once');
  }
  if (values.length > 0) {
    return { text: values.join(','), origin: 'flag', writtenAs: `--${setting.flag}` };
  }
  const text = env[setting.env] ?? '';
  const file = setting.isSecret === true ? (env[`${setting.env}_FILE`] ?? '') : '';
  if (text !== '' && file !== '') {
    throw settingError(setting.env, `${setting.env}_FILE is also set`, 'set only one of them');
  }
  if (text !== '') return { text, origin: 'environment', writtenAs: setting.env };
  if (file !== '') return secretFrom(file, `${setting.env}_FILE`);
  return { text: setting.default, origin: 'default', writtenAs: `--${setting.flag}` };
}

// Editors add a newline at the end, which is not part of the secret.
function secretFrom(path: string, writtenAs: string): SourceText {
  let text: string;
  try {
    if (statSync(path).size > SECRET_FILE_BYTES_MAX) throw new Error('the file is too large');
    text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const reason = systemReason(error);
    throw settingError(
      writtenAs,
      `cannot read ${path}: ${reason}`,
      'name a file that contains the secret',
    );
  }
  if (text === '') throw settingError(writtenAs, `${path} is empty`, 'write the secret into it');
  return { text, origin: 'file', writtenAs };
}

function parsed(setting: Setting<unknown>, source: SourceText): unknown {
  try {
    return setting.parse(source.text);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // The detail of the parser contains the value, which is secret here.
    const detail = setting.isSecret === true ? 'the value is not valid' : error.message;
    throw settingError(source.writtenAs, detail, error.hint);
  }
}

// Reports only names similar to a setting: orchestrators add other variables, such as Kubernetes' LATCHKEY_PORT for a service `latchkey`.
function mistypedVariables(table: SettingTable, env: NodeJS.ProcessEnv): string[] {
  const known = Object.values(table).map((setting) => setting.env);
  const files = Object.values(table)
    .filter((setting) => setting.isSecret === true)
    .map((setting) => `${setting.env}_FILE`);
  return Object.keys(env)
    .filter((name) => name.startsWith(OWN_ENV_PREFIX) && env[name] !== '')
    .filter((name) => !known.includes(name) && !files.includes(name))
    .flatMap((name) => {
      const near = nearestName(name, [...known, ...files]);
      if (near === undefined) return [];
      return [problemText(name, 'unknown setting', `did you mean ${near}?`)];
    });
}

function settingError(writtenAs: string, detail: string, hint?: string): GatewayError {
  return new GatewayError('invalid-request', { detail: problemText(writtenAs, detail, hint) });
}
