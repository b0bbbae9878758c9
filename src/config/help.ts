// The output of --help, --version and --print-config, generated from the table of settings.
import { readFileSync } from 'node:fs';
import type { Setting, SettingTable, SourceText } from './setting.js';

const MASK = '********';
const INDENT = '  ';

/** `latchkey 0.1.0` */
export function versionText(): string {
  return `latchkey ${packageVersion()}`;
}

/** Returns the version in package.json. */
export function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}

/** Each setting has two lines: flag and meaning, environment variable and default. */
export function helpText(table: SettingTable): string {
  const settings = Object.values(table);
  const width = Math.max(...settings.flatMap((s) => [usageOf(s).length, s.env.length])) + 2;
  const line = (left: string, right: string) => `${INDENT}${left.padEnd(width)}${right}`;
  return [
    `${versionText()}: an HTTP gateway to etcd v3`,
    '',
    'Usage:',
    line('latchkey [settings]', 'run the gateway until SIGTERM'),
    line(
      'latchkey healthcheck',
      'exit with 0 if the gateway on the listen address is ready, else with 1',
    ),
    line(
      'latchkey hash-token',
      'print the hash of the API token on standard input; --generate creates a token',
    ),
    line('latchkey --print-config', 'print the effective settings with masked secrets'),
    line('latchkey --version', 'print the version'),
    line('latchkey --help, -h', 'print this help'),
    '',
    'Settings (a flag overrides the environment, which overrides the default):',
    ...settings.flatMap((setting) => [
      '',
      line(usageOf(setting), setting.describe),
      line(setting.env, `default: ${defaultOf(setting)}${fileNoteOf(setting)}`),
    ]),
  ].join('\n');
}

/** Returns one line `NAME=value  # source` per setting, in the order of the table. Secrets are masked with a fixed length. */
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

/** Returns the default as --help and docs/settings.md show it. */
export function defaultOf(setting: Setting<unknown>): string {
  return setting.default === '' ? (setting.defaultNote ?? 'none') : setting.default;
}

function usageOf({ flag, placeholder }: Setting<unknown>): string {
  return placeholder === undefined ? `--${flag}` : `--${flag} ${placeholder}`;
}

function fileNoteOf(setting: Setting<unknown>): string {
  return setting.isSecret === true ? `; or in the file ${setting.env}_FILE` : '';
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
