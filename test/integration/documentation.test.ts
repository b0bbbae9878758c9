// Every example of the README and of docs/ does what its page states. The examples of a page run in their order, in one fresh store, as a
// reader runs them. They depend on each other; a single one (`-t`) may miss what an earlier one has written.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onPath, runCommand } from '../../src/embedded/command.js';
import { parseTokenList } from '../../src/http/auth/token-list.js';
import { PAGES } from '../support/documentation.js';
import { startDocumentationRunner } from '../support/documentation-runner.js';
import type { DocumentationRunner } from '../support/documentation-runner.js';
import { testPath } from '../support/etcd-versions.js';
import { send } from '../support/http-client.js';
import { codeBlocks, commandsOf, inlineCode } from '../support/markdown.js';
import type { CodeBlock, Command } from '../support/markdown.js';
import { Transcript } from '../support/transcript.js';

const BLOCK_LIMIT_MS = 120_000;
const STAGE_LIMIT_MS = 60_000;
const VERSION_LIMIT_MS = 20_000;

/** Languages that no test runs: `text` is not typed as it is, and `html` is covered by browser/event-source.test.ts. */
const NOT_RUN = ['text', 'html'];
/** Commands that cannot run here, and the test that covers each. Every command must be here or begin like one of RUN. */
const ELSEWHERE: Record<string, string> = {
  'npm start': 'installs into the checkout: unit/prepare.test.ts, integration/life-cycle.test.ts',
  'npm start -- --endpoints=host1:2379,host2:2379,host3:2379':
    'needs three hosts: unit/config/config.test.ts',
  'npm start -- hash-token --generate':
    'installs into the checkout: unit/commands/hash-token.test.ts',
  'npm run bench -- --quick': 'takes a minute: a command of its own',
  'npm run cluster': 'needs fixed ports: integration/cluster.test.ts runs the same program',
  'docker compose up --build --wait': 'needs Docker: unit/lint-deploy.test.ts checks the files',
  'docker build -t latchkey .': 'needs Docker: unit/lint-deploy.test.ts checks the file',
  'docker run --init -p 127.0.0.1:8888:8888 -e ETCDCTL_ENDPOINTS=http://host:2379 -e LATCHKEY_ALLOW_ANONYMOUS=true latchkey':
    'needs Docker: unit/lint-deploy.test.ts checks the image and its settings',
};
const RUN = ['curl ', 'examples/with-lock.sh ', 'head -c '];

interface Waiting {
  /** What the command prints before it is interrupted. */
  readonly shows: RegExp;
  /** A request that is repeated until then. */
  readonly after?: readonly [method: string, path: string, body: string];
}

/** Commands that run until the reader interrupts them. */
const WAITING: Record<string, Waiting> = {
  'curl -N localhost:8888/v1/locks/deploy/events': {
    shows: /event: state\ndata: \{"name":"deploy","locked":/,
  },
  [`curl -N -X POST -d '{"owner":"ci-7"}' localhost:8888/v1/locks/backup/hold`]: {
    shows: /event: acquired\ndata: \{"name":"backup","owner":"ci-7",/,
  },
  "curl -N 'localhost:8888/v1/watch?prefix=app/'": {
    shows: /^\{"event":"put",.*"key":"app\/db","value":"new"/m,
    after: ['PUT', '/v1/kv/app/db?raw', 'new'],
  },
  "curl 'localhost:8888/v2/keys/app?wait=true&recursive=true'": {
    shows: /^\{"action":"set","node":\{"key":"\/app\/db","value":"new",/,
    after: ['PUT', '/v2/keys/app/db?value=new', ''],
  },
  [`curl -N localhost:8888/v3/watch -d '{"create_request":{"key":"Zm9v"}}'`]: {
    shows: /"events":\[\{"kv":\{"key":"Zm9v",.*"value":"bmV3"/,
    after: ['POST', '/v3/kv/put', '{"key":"Zm9v","value":"bmV3"}'],
  },
};

const curl = await onPath('curl', testPath());
const python = await pythonProgram();
for (const [name, file] of Object.entries({ curl, python3: python }))
  if (file === undefined) console.error(`examples of the documentation: skipped without ${name}`);

const BLOCKS = PAGES.flatMap(({ text }) => codeBlocks(text));

describe('every block of the documentation', () => {
  it('is in a known language', () => {
    const languages = new Set(BLOCKS.map(({ language }) => language));
    expect([...languages].sort()).toEqual(
      ['console', 'js', 'json', 'python', 'sh', ...NOT_RUN].sort(),
    );
  });

  it('that is JSON is a valid list of API tokens', () => {
    const lists = BLOCKS.filter(({ language }) => language === 'json').map(({ text }) =>
      parseTokenList(Buffer.from(text.replace('…', 'a1'.repeat(32)))),
    );
    expect(lists.map((tokens) => tokens.map(({ name }) => name))).toEqual([['ci']]);
  });

  it('has only commands that run here or are covered elsewhere', () => {
    const others = commandsIn(BLOCKS).filter(({ typed }) => !isRunHere(typed));
    expect(new Set(others.map(({ typed }) => typed))).toEqual(new Set(Object.keys(ELSEWHERE)));
  });

  it('contains every curl command with a path', () => {
    const inline = PAGES.flatMap(({ text }) => inlineCode(text));
    expect(inline.filter((code) => /^curl .*\//.test(code))).toEqual([]);
  });

  it('is the only place of commands that wait', () => {
    const typed = commandsIn(BLOCKS).map((command) => command.typed);
    expect(Object.keys(WAITING).filter((command) => !typed.includes(command))).toEqual([]);
  });
});

const RUNNABLE = PAGES.filter(({ text }) => {
  const blocks = codeBlocks(text);
  return (
    commandsIn(blocks).some(({ typed }) => isRunHere(typed)) ||
    blocks.some(({ language }) => ['python', 'js'].includes(language))
  );
});

describe.each(RUNNABLE)('$name', ({ name, text }) => {
  let stage: DocumentationRunner;
  const transcript = new Transcript();
  const blocks = codeBlocks(text);
  const titled = (languages: readonly string[]): [string, CodeBlock][] =>
    blocks
      .filter(({ language }) => languages.includes(language))
      .map((block) => [`${block.section}, line ${block.line}`, block]);
  const shell = titled(['sh', 'console']);
  const pythonBlocks = titled(['python']);
  const jsBlocks = titled(['js']);

  beforeAll(async () => {
    stage = await startDocumentationRunner();
  }, STAGE_LIMIT_MS);
  afterAll(async () => stage.close());

  it.skipIf(curl === undefined).each(shell)(
    'has commands that print what it states: %s',
    async (_, block) => {
      for (const command of commandsOf(block)) {
        if (isRunHere(command.typed)) await play(stage, transcript, command);
      }
    },
    BLOCK_LIMIT_MS,
  );

  if (name === 'README.md')
    it.skipIf(curl === undefined)(
      'has commands that succeed again in the same store',
      async () => {
        const again = new Transcript();
        for (const command of shell.flatMap(([, block]) => commandsOf(block))) {
          if (isRunHere(command.typed)) await play(stage, again, command, { isFirst: false });
        }
      },
      BLOCK_LIMIT_MS,
    );

  if (name === 'docs/keys.md')
    it.skipIf(curl === undefined)('returns a file byte for byte', async () => {
      const copy = await stage.file('copy.png');
      expect(copy.equals(await stage.file('picture.png'))).toBe(true);
    });

  if (pythonBlocks.length > 0)
    it.skipIf(python === undefined).each(pythonBlocks)(
      'has a program that prints what it states: %s',
      async (_, { text: program }) => {
        const { status, printed, complaints } = await stage.runProgram(python!, 'e.py', program);
        expect([status, complaints]).toEqual([0, '']);
        expect(printed.trimEnd().split('\n')).toEqual(printsOf(program, / *print\(.*\) {2}# (.*)/));
      },
      BLOCK_LIMIT_MS,
    );

  if (jsBlocks.length > 0)
    it.each(jsBlocks)(
      'has a program that prints what it states: %s',
      async (_, { text: program }) => {
        const { status, printed, complaints } = await stage.runProgram(
          process.execPath,
          'example.mjs',
          program,
        );
        expect([status, complaints]).toEqual([0, '']);
        expect(printed.trimEnd().split('\n')).toEqual(
          printsOf(program, /console\.log\(.*\); \/\/ (.*)/),
        );
      },
      BLOCK_LIMIT_MS,
    );
});

function commandsIn(blocks: readonly CodeBlock[]): Command[] {
  return blocks
    .filter(({ language }) => ['sh', 'console'].includes(language))
    .flatMap((block) => commandsOf(block));
}

function isRunHere(typed: string): boolean {
  return RUN.some((start) => typed.startsWith(start));
}

/** `isFirst`: whether the response must be what the page prints. Versions and revisions differ when the commands run again. */
async function play(
  stage: DocumentationRunner,
  transcript: Transcript,
  { typed, printed }: Command,
  { isFirst } = { isFirst: true },
): Promise<void> {
  const waiting = WAITING[typed];
  if (waiting !== undefined) {
    const { shows, after } = waiting;
    const outcome = await stage.runUntil(transcript.adapt(typed), shows, async () => {
      if (after !== undefined) await send(stage.baseUrl, after[0], after[1], { body: after[2] });
    });
    expect(outcome.printed, `${typed}\n${outcome.complaints}`).toMatch(shows);
    return;
  }
  const {
    status,
    httpStatuses,
    printed: actual,
    complaints,
  } = await stage.run(transcript.adapt(typed));
  const report = `${typed}\n${actual}${complaints}`;
  expect(status, report).toBe(0);
  const refusal = Number(/"status":(\d+)/.exec(printed)?.[1] ?? 0);
  if (typed.startsWith('curl ')) expect(httpStatuses, report).toHaveLength(1);
  for (const httpStatus of httpStatuses)
    if (refusal === 0) expect(httpStatus, report).toBeLessThan(300);
    else expect(httpStatus, report).toBe(refusal);
  const difference = printed === '' ? undefined : transcript.difference(printed, actual);
  if (isFirst) expect(difference, report).toBeUndefined();
}

/** What the lines of a program state that they print. */
function printsOf(text: string, line: RegExp): string[] {
  const prints = text.split('\n').filter((each) => /\bprint\(|console\.log\(/.test(each));
  const stated = prints.map((each) => line.exec(each)?.[1] ?? `no expected output: ${each}`);
  expect(stated.length).toBeGreaterThan(2);
  return stated;
}

/** A name on the PATH may be a placeholder that does not run. */
async function pythonProgram(): Promise<string | undefined> {
  const file = await onPath('python3', testPath());
  if (file === undefined) return undefined;
  const env = { PATH: testPath() };
  const result = await runCommand(file, ['--version'], { env, timeoutMs: VERSION_LIMIT_MS });
  return result.kind === 'done' ? file : undefined;
}
