// What --help, --version and --print-config print. Made from the table, so that no setting can be forgotten.
import { readFileSync } from 'node:fs';
import type { Setting, SettingTable, SourceText } from './setting.js';

const MASK = '********';
const INDENT = '  ';

/** `latchkey 0.1.0` */
export function versionText(): string {
  return `latchkey ${packageVersion()}`;
}

/** Of the package that this program belongs to. */
export function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}

/** Two lines for each setting: flag and meaning, environment variable and default. */
export function helpText(table: SettingTable): string {
  const settings = Object.values(table);
  const width = Math.max(...settings.flatMap((s) => [usageOf(s).length, s.env.length])) + 2;
  const line = (left: string, right: string) => `${INDENT}${left.padEnd(width)}${right}`;
  return [
    `${versionText()}: an HTTP gateway to etcd v3`,
    '',
    'Usage:',
    line('latchkey [settings]', 'serve until SIGTERM'),
    line('latchkey healthcheck', 'exit 0 when the gateway on the listen address is ready, else 1'),
    line('latchkey hash-token', 'hash the API token on standard input; --generate makes one first'),
    line('latchkey --print-config', 'print the effective settings, secrets masked'),
    line('latchkey --version', 'print the version'),
    line('latchkey --help, -h', 'print this'),
    '',
    'Settings (a flag wins over the environment, the environment over the default):',
    ...settings.flatMap((setting) => [
      '',
      line(usageOf(setting), setting.describe),
      line(setting.env, `default: ${defaultOf(setting)}${fileNoteOf(setting)}`),
    ]),
  ].join('\n');
}

/** `NAME=value  # where it comes from`, one a line, in the order of the table. Secrets are masked, whatever their length. */
export function effectiveText(
  table: SettingTable,
  sources: ReadonlyMap<string, SourceText>,
): string {
  const rows = Object.entries(table).map(([name, setting]) => {
    const source = sources.get(name);
    return { left: `${setting.env}=${shown(setting, source?.text ?? '')}`, source, setting };
  });
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  return rows
    .map(({ left, source, setting }) => `${left.padEnd(width)}# ${originOf(setting, source)}`)
    .join('\n');
}

/** The default in words, as --help and the README name it. */
export function defaultOf(setting: Setting<unknown>): string {
  return setting.default === '' ? (setting.defaultNote ?? 'none') : setting.default;
}

function usageOf({ flag, placeholder }: Setting<unknown>): string {
  return placeholder === undefined ? `--${flag}` : `--${flag} ${placeholder}`;
}

function fileNoteOf(setting: Setting<unknown>): string {
  return setting.isSecret === true ? `; or the file that ${setting.env}_FILE names` : '';
}

function shown(setting: Setting<unknown>, text: string): string {
  if (text !== '' && setting.isSecret === true) return MASK;
  return /^[\x21-\x7e]*$/.test(text) && !text.includes('#') ? text : JSON.stringify(text);
}

function originOf(setting: Setting<unknown>, source: SourceText | undefined): string {
  if (source === undefined || source.origin === 'default') {
    return setting.default === '' ? `default: ${defaultOf(setting)}` : 'default';
  }
  return source.origin === 'environment' ? 'environment' : source.writtenAs;
}
