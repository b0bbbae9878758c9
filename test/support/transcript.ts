// Compares a transcript with the actual output. `…` matches anything. Revisions differ between stores, so each one in the transcript stands
// for an actual one: equal numbers must be equal in the output, too, and commands are run with the actual ones.

const REVISION_NAMES =
  'revision|createRevision|modRevision|fencingToken|createdIndex|modifiedIndex';
const SHOWN_REVISION = new RegExp(`("(?:${REVISION_NAMES})":)(\\d+)`, 'g');
/** Revisions in commands. */
const SAID_REVISION =
  /("fencingToken":|guardToken=|If-Match: "|since=|waitIndex=|[?&]revision=)(\d+)/g;
const ANYTHING = '…';

export class Transcript {
  private readonly real = new Map<string, string>();

  /** The command with the real revisions in place of those that were shown. */
  adapt(command: string): string {
    return command.replace(SAID_REVISION, (_, name: string, shown: string) => {
      const real = this.real.get(shown);
      if (real === undefined) throw new Error(`no answer before has shown the revision ${shown}`);
      return name + real;
    });
  }

  /** Returns how the output differs, or `undefined`. */
  difference(shown: string, came: string): string | undefined {
    const revisions = [...shown.matchAll(SHOWN_REVISION)].map(([, , number]) => number ?? '');
    const pattern = escaped(shown.replace(SHOWN_REVISION, '$1\0'))
      .replaceAll('\0', '(\\d+)')
      .replaceAll(ANYTHING, '.*');
    const match = new RegExp(`^${pattern}$`).exec(came.trimEnd());
    if (match === null) return `shown: ${shown}\ncame:  ${came}`;
    return revisions
      .map((number, at) => this.bind(number, match[at + 1] ?? ''))
      .find((problem) => problem !== undefined);
  }

  private bind(shown: string, real: string): string | undefined {
    const bound = this.real.get(shown);
    if (bound !== undefined && bound !== real)
      return `the revision ${shown} was ${bound} before, and is ${real} now`;
    const taken = [...this.real].find(([other, value]) => value === real && other !== shown);
    if (taken !== undefined) return `the revision ${shown} is the one shown as ${taken[0]}`;
    this.real.set(shown, real);
    return undefined;
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
