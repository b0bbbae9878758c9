// Rejects phrases that make texts hard to read, in comments, strings and Markdown: `npm run check:language`.
// Checks the tracked files, but no names in code. CONTRIBUTING.md describes the style.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const CHECKED = ['src', 'openapi', 'examples', 'docs', '*.md'];
const SKIPPED = /^(?:src\/http\/generated\/|docs\/.*\.(?:png|svg)$|test\/)/;
const FINDINGS_SHOWN_MAX = 5000;

/** Patterns with their replacements. */
const PHRASES = [
  ['\\bdoors?\\b', 'API'],
  ['\\bthe house\\b', 'the code base'],
  ['\\b(?:hangs?|hung|hanging) (?:\\w+ ){0,3}on\\b', 'attached to'],
  ['\\bof no use\\b', 'invalid, unusable'],
  ['\\b(?:told|tell(?:s|ing)?)\\b', 'report, return, notify'],
  ['\\b(?:no|some|any|every)body\\b', 'no client, any client'],
  ['\\bwhoever\\b', 'any client that'],
  ['\\bwhom\\b', 'that, which'],
  ['\\b(?:he|his|him|himself)\\b', 'it, they'],
  ['\\bsurely\\b', 'definitely'],
  ['\\bunasked\\b', 'unrequested'],
  ['\\banew\\b', 'again'],
  ['\\bfor ever\\b', 'indefinitely'],
  ['\\btime (?:is|was) up\\b', 'the deadline passed'],
  ['\\b(?:hangs?|hung|hanging) up\\b', 'disconnects'],
  ['\\bgarbage\\b(?! collect)', 'invalid response'],
  ['\\b(?:says?|said|told) otherwise\\b', 'by default'],
  ['\\bto be had\\b', 'available'],
  ['\\bshall\\b', 'must, will'],
  ['\\bstands? (?:in|at|before|behind|beside|there|as)\\b', 'is'],
  ['\\bbeside\\b', 'next to, besides'],
  ['\\b(?:in|at) (?:that|this|the same) moment\\b', 'at that time'],
  ['\\bof (?:ours|theirs|yours)\\b', "the gateway's"],
  ['\\bone (?:more (?:gets|is)|too many)\\b', 'excess … get'],
  ['\\b(?:is|are|was|were) well\\b', 'is healthy'],
  ['\\b(?:go|goes|going|went) on\\b', 'continue'],
  ['(?<!there )\\b(?:is|are) no (?!longer|more)\\w', 'is not a'],
  ['\\bany more\\b(?! than)', 'no longer'],
  ['\\b(?:for|of|to|with|by|from) who\\b', 'for clients that'],
  ['\\bhears?\\b', 'receives, is notified'],
  ['\\bnot promised\\b', 'not guaranteed'],
  ['\\bmay (?:not )?look\\b', 'may (not) read'],
  ['\\bunder way\\b', 'in flight'],
  ['\\bmade-up\\b', 'generated'],
  ['\\bread again\\b', 'reloaded'],
  ['\\bg(?:ive|ives|iven|ave) (?:\\w+ )?back\\b', 'release'],
  ['\\bsays? (?:so|who|what|nothing|no|of)\\b', 'states'],
  ['\\bknows? (?:no|nothing|neither)\\b', 'has no'],
  ['\\ball the same\\b', 'anyway'],
  ['\\b(?:mend(?:s|ed)?|cure)\\b', 'fix'],
].map(([pattern, instead]) => ({
  pattern: new RegExp(pattern.replaceAll(' ', ' +'), 'gi'),
  instead,
}));

/** Stable names and quoted messages of etcd. */
const EXEMPT = [];

const findings = checkedFiles().flatMap((file) => findIn(file));
for (const { file, line, found, instead } of findings.slice(0, FINDINGS_SHOWN_MAX)) {
  console.error(`${file}:${line}: "${found}": write ${instead}`);
}
if (findings.length > 0) {
  console.error(`${findings.length} phrases to rewrite`);
  process.exitCode = 1;
}

function checkedFiles() {
  const only = process.argv.slice(2);
  const listed = execFileSync('git', ['ls-files', '-z', ...CHECKED], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed
    .split('\0')
    .filter((file) => file !== '' && !SKIPPED.test(file) && fs.existsSync(path.join(ROOT, file)))
    .filter((file) => only.length === 0 || only.some((prefix) => file.startsWith(prefix)));
}

function findIn(file) {
  const source = fs.readFileSync(path.join(ROOT, file), 'utf8');
  const blocks = /\.[cm]?[jt]s$/.test(file) ? textsOfCode(source) : [{ text: source, at: 0 }];
  return blocks.flatMap(({ text, at }) => {
    const plain = withoutLineBreaks(text);
    return PHRASES.flatMap(({ pattern, instead }) =>
      [...plain.matchAll(pattern)]
        .filter(({ index }) => !isExempt(plain, index))
        .map(({ 0: found, index }) => ({
          file,
          line: source.slice(0, at + index).split('\n').length,
          found,
          instead,
        })),
    );
  });
}

/** Returns comments, string literals and the fixed parts of templates. Consecutive line comments are one text. */
function textsOfCode(source) {
  const texts = [];
  const root = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, false);
  const visit = (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)) {
      const start = node.getStart(root);
      texts.push({ text: source.slice(start, node.end), at: start });
    }
    ts.forEachChild(node, visit);
  };
  visit(root);
  const comments = new Map();
  const collect = (node) => {
    for (const range of [
      ...(ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(source, node.end) ?? []),
    ]) {
      comments.set(range.pos, range.end);
    }
    node.getChildren(root).forEach(collect);
  };
  collect(root);
  let previous;
  for (const [at, end] of [...comments].sort(([a], [b]) => a - b)) {
    if (
      previous !== undefined &&
      source.slice(previous.at + previous.text.length, at).trim() === ''
    ) {
      previous.text = source.slice(previous.at, end);
      continue;
    }
    previous = { text: source.slice(at, end), at };
    texts.push(previous);
  }
  return texts;
}

/** Replaces line breaks and comment marks by spaces. Every character keeps its offset. */
function withoutLineBreaks(text) {
  return text
    .replace(/\n[ \t]*(?:\/\/|\*(?!\/)|#|>)?[ \t]*/g, (run) => ' '.repeat(run.length))
    .replace(/\r/g, ' ');
}

function isExempt(text, index) {
  return EXEMPT.some((phrase) => {
    const from = text.lastIndexOf(phrase, index);
    return from >= 0 && index < from + phrase.length;
  });
}
