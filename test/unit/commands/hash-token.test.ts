import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { hashToken } from '../../../src/commands/hash-token.js';
import { parseTokenList } from '../../../src/http/auth/token-list.js';
import { sha256 } from '../../../src/core/secret.js';

const input = (...chunks: readonly string[]): Readable =>
  Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

const TOKEN = 'kT3-vW9_pQ7.xL2~mN8aa';

describe('hash-token', () => {
  it.each([
    ['as it is', [TOKEN]],
    ['with the newline of a shell', [`${TOKEN}\n`]],
    ['in pieces', [TOKEN.slice(0, 5), TOKEN.slice(5), '\r\n']],
  ])('hashes the token on standard input: %s', async (_how, chunks) => {
    const { line, token } = await hashToken(input(...chunks), false);
    expect(JSON.parse(line)).toMatchObject({ sha256: sha256(TOKEN).toString('hex') });
    expect(line).not.toContain(TOKEN);
    expect(token).toBeUndefined();
  });

  it('leaves to be filled in whose it is and what it may do, and the file refuses it before that', async () => {
    const { line } = await hashToken(input(TOKEN), false);
    expect(() => parseTokenList(Buffer.from(`[${line}]`))).toThrow(
      /\/0\/name.*\n\/0\/prefixes.*\n\/0\/rights/,
    );
    const filled = { ...JSON.parse(line), name: 'ci', prefixes: ['app/'], rights: ['read'] };
    expect(parseTokenList(Buffer.from(JSON.stringify([filled])))[0]?.sha256).toEqual(sha256(TOKEN));
  });

  it('makes a token when it is asked to, or when nobody but a person could type one', async () => {
    const made = await Promise.all([
      hashToken(input(), true),
      hashToken(Object.assign(input(), { isTTY: true }), false),
    ]);
    for (const { token = '', line } of made) {
      expect(token.length).toBeGreaterThanOrEqual(32);
      expect(JSON.parse(line)).toMatchObject({ sha256: sha256(token).toString('hex') });
    }
    expect(made[0].token).not.toBe(made[1].token);
  });

  it.each([
    ['nothing', ''],
    ['what can be guessed', 'hunter2'],
    ['more than one line', `${TOKEN}\n${TOKEN}`],
    ['spaces', `${TOKEN} ${TOKEN}`],
    ['no ASCII', `${TOKEN}é`],
    ['a book', 'a'.repeat(100_000)],
  ])('refuses %s as a token, and does not repeat it', async (_what, text) => {
    const error = await hashToken(input(text), false).catch((reason: unknown) => reason as Error);
    expect(error).toBeInstanceOf(Error);
    if (text !== '') expect((error as Error).message).not.toContain(text);
  });
});
