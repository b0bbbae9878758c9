import { inspect } from 'node:util';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import {
  Secret,
  fingerprint,
  isSameDigest,
  isSameSecret,
  sha256,
} from '../../../src/core/secret.js';

describe('a secret', () => {
  it('appears only in the result of reveal', () => {
    const holder = { user: 'a', password: new Secret('hunter2'), list: [new Secret('hunter2')] };
    const shown = [JSON.stringify(holder), inspect(holder, { depth: 9 }), String(holder.password)];
    expect(shown.join(' ')).not.toContain('hunter2');
    expect(Object.values(holder.password)).toEqual([]);
    expect(holder.password.reveal()).toBe('hunter2');
  });

  it('equals the same text and digest, and no text of another length', () => {
    expect(isSameSecret('abc', 'abc')).toBe(true);
    expect(isSameSecret(sha256('abc'), sha256('abc'))).toBe(true);
    expect(isSameDigest(sha256('abc'), sha256('abc'))).toBe(true);
    expect(isSameDigest(sha256('abc'), sha256('abd'))).toBe(false);
    for (const other of ['abd', 'ab', '', 'abc ']) expect(isSameSecret('abc', other)).toBe(false);
  });

  it('has a fingerprint that depends on every part and does not contain it', () => {
    expect(fingerprint('a', 'bc')).toBe(fingerprint('a', 'bc'));
    expect(fingerprint('a', 'bc')).not.toBe(fingerprint('ab', 'c'));
    expect(fingerprint('hunter2')).not.toContain('hunter2');
  });
});

describe('S23: a comparison of secrets anywhere else', () => {
  const filePath = fileURLToPath(new URL('../../../src/http/auth/middleware.ts', import.meta.url));
  const rules = ['no-restricted-imports', 'no-restricted-syntax'];

  it('is an error to the linter, however it is written', async () => {
    const code = [
      "import { timingSafeEqual } from 'node:crypto';",
      "import type { Secret } from '../secret.js';",
      'export const a = (one: Secret, other: string): boolean => one.reveal() === other;',
      'export const b = (one: Secret, other: string): boolean => other !== one.reveal();',
      'export const c = timingSafeEqual;',
    ];
    const [result] = await new ESLint().lintText(code.join('\n'), { filePath });
    const found = result?.messages.filter(({ ruleId }) => rules.includes(ruleId ?? ''));
    expect(found?.map(({ line }) => line)).toEqual([1, 3, 4]);
  }, 60_000);
});
