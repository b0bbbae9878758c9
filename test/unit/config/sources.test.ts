// Secrets, with a table of its own: they come from files too, and are never shown.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectiveText, helpText } from '../../../src/config/help.js';
import { readSettings } from '../../../src/config/sources.js';
import { GatewayError } from '../../../src/core/errors.js';

const TABLE = {
  password: {
    env: 'ETCDCTL_PASSWORD',
    flag: 'password',
    placeholder: 'PASSWORD',
    default: '',
    parse: (text: string) => {
      if (!text.includes('!')) return text;
      throw new GatewayError('invalid-request', {
        detail: `bad: ${text}`,
        hint: 'leave out the !',
      });
    },
    describe: 'the password',
    isSecret: true,
  },
} as const;
const NO_FLAGS = new Map<string, string[]>();

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-config-'));
  file = join(folder, 'secret');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('secrets', () => {
  it('come from the file that NAME_FILE names, without the newline at its end', () => {
    writeFileSync(file, ' s3cret \n');
    const { values, problems } = readSettings(TABLE, NO_FLAGS, { ETCDCTL_PASSWORD_FILE: file });
    expect([values.password, problems]).toEqual([' s3cret ', []]);
  });

  it('come from the flag even when a file is named', () => {
    const flags = new Map([['password', ['flagged']]]);
    const { values } = readSettings(TABLE, flags, { ETCDCTL_PASSWORD_FILE: '/nowhere' });
    expect(values.password).toBe('flagged');
  });

  it('are masked with the same mask whatever their length', () => {
    const shown = ['a', 'a much longer secret'].map((text) => {
      const { sources } = readSettings(TABLE, NO_FLAGS, { ETCDCTL_PASSWORD: text });
      return effectiveText(TABLE, sources);
    });
    expect(shown[0]).toMatch(/^ETCDCTL_PASSWORD=\*{8} +# environment$/);
    expect(shown[1]).toBe(shown[0]);
  });

  it('are not repeated in the message about a bad one', () => {
    const { problems } = readSettings(TABLE, NO_FLAGS, { ETCDCTL_PASSWORD: 'hunter2!' });
    expect(problems).toEqual(['ETCDCTL_PASSWORD: the value is not valid; leave out the !']);
  });

  it('refuse to come from two places', () => {
    const env = { ETCDCTL_PASSWORD: 'a', ETCDCTL_PASSWORD_FILE: file };
    expect(readSettings(TABLE, NO_FLAGS, env).problems).toEqual([
      'ETCDCTL_PASSWORD: ETCDCTL_PASSWORD_FILE is also set; set only one of them',
    ]);
  });

  it('refuse a file that is not there, empty, too large or a folder', () => {
    const empty = join(folder, 'empty');
    const large = join(folder, 'large');
    writeFileSync(empty, '\n');
    writeFileSync(large, 'x'.repeat(64 * 1024 + 1));
    const messages = [file, empty, large, folder].map(
      (path) => readSettings(TABLE, NO_FLAGS, { ETCDCTL_PASSWORD_FILE: path }).problems,
    );
    expect(messages).toEqual([
      [
        expect.stringMatching(
          /^ETCDCTL_PASSWORD_FILE: cannot read .*: it does not exist \(ENOENT\); name a file that contains the secret$/,
        ),
      ],
      [`ETCDCTL_PASSWORD_FILE: ${empty} is empty; write the secret into it`],
      [expect.stringMatching(/the file is too large/)],
      [expect.stringMatching(/EISDIR/)],
    ]);
  });

  it('are named with their file in the help', () => {
    expect(helpText(TABLE)).toContain('default: none; or in the file ETCDCTL_PASSWORD_FILE');
  });
});
