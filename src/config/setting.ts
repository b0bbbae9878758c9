// The type of one setting: a row of the table behind parsing, --help, --print-config and docs/settings.md.

export interface Setting<T> {
  /** Name of the environment variable. */
  readonly env: string;
  /** Name of the flag, without the dashes. */
  readonly flag: string;
  /** Flag names of other programs for this setting; the error of such an unknown flag suggests this one. */
  readonly alsoCalled?: readonly string[];
  /** The flag's value in --help; absent for a boolean. */
  readonly placeholder?: string;
  /** The text that is parsed if the setting is not set; '' = no value. */
  readonly default: string;
  /** The meaning of a `default` of ''. */
  readonly defaultNote?: string;
  /** Throws `invalid-request` with the value in the detail and what to write in the hint. */
  readonly parse: (text: string) => T;
  /** A noun phrase with its unit, then the effect. */
  readonly describe: string;
  /** A comma-separated list: its flag may be repeated. */
  readonly isList?: true;
  /** Never printed. Can also be read from the file that `<env>_FILE` names. */
  readonly isSecret?: true;
}

/** Returns the row with the type of its parser's result. */
export function setting<T>(setting: Setting<T>): Setting<T> {
  return setting;
}

/** Keyed by the name that the rest of the program uses. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

export type ValuesOf<T extends SettingTable> = {
  readonly [Name in keyof T]: ReturnType<T[Name]['parse']>;
};

/** The text of a setting and its source. */
export interface SourceText {
  readonly text: string;
  readonly origin: 'flag' | 'environment' | 'file' | 'default';
  /** `--listen`, `LATCHKEY_LISTEN` or `ETCDCTL_PASSWORD_FILE`. */
  readonly writtenAs: string;
}

/** Returns the line for one problem: `--listen: "x" is not an address and port; write 127.0.0.1:8888`. */
export function problemText(writtenAs: string, detail: string, hint?: string): string {
  return `${writtenAs}: ${detail}${hint === undefined ? '' : `; ${hint}`}`;
}
