// The shape of one setting: a row of the table that parsing, --help, --print-config and the README are made from.

export interface Setting<T> {
  /** Name of the environment variable. */
  readonly env: string;
  /** Name of the flag, without the dashes. */
  readonly flag: string;
  /** Names of flags that other programs give to the same setting: the error of an unknown flag then names this one. */
  readonly alsoCalled?: readonly string[];
  /** What --help shows as the flag's value; absent for a boolean, which needs none. */
  readonly placeholder?: string;
  /** The text that is parsed when nobody sets it; '' when it has no value then. */
  readonly default: string;
  /** What happens when `default` is ''. */
  readonly defaultNote?: string;
  /** Throws `invalid-request` whose detail names the value and whose hint says what to write. */
  readonly parse: (text: string) => T;
  readonly describe: string;
  /** A comma-separated list: its flag may be repeated. */
  readonly isList?: true;
  /** Never printed, and also read from the file that `<env>_FILE` names. */
  readonly isSecret?: true;
}

/** A row whose type is that of its parser's answer. */
export function row<T>(setting: Setting<T>): Setting<T> {
  return setting;
}

/** Keyed by the name that the rest of the program uses. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

export type ValuesOf<T extends SettingTable> = {
  readonly [Name in keyof T]: ReturnType<T[Name]['parse']>;
};

/** Where the text of a setting came from, in words that the user wrote. */
export interface SourceText {
  readonly text: string;
  readonly origin: 'flag' | 'environment' | 'file' | 'default';
  /** `--listen`, `LATCHKEY_LISTEN` or `ETCDCTL_PASSWORD_FILE`. */
  readonly writtenAs: string;
}

/** What one mistake is called in a message: `--listen: "x" is no address; write 127.0.0.1:8888`. */
export function problemText(writtenAs: string, detail: string, hint?: string): string {
  return `${writtenAs}: ${detail}${hint === undefined ? '' : `; ${hint}`}`;
}
