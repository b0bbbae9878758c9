// Every example of the README does what the README says: all of them, in its order, in one fresh store, as a reader would run them. They
// depend on each other; one alone (`-t`) may lack what an earlier one has written.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onPath, runCommand } from '../../src/embedded/command.js';
import { parseTokenList } from '../../src/http/auth/token-list.js';
import { testPath } from '../support/etcd-versions.js';
import { send } from '../support/http-client.js';
import { codeBlocks, commandsOf, inlineCode } from '../support/markdown.js';
import type { CodeBlock, Command } from '../support/markdown.js';
import { openStage } from '../support/readme-stage.js';
import type { Stage } from '../support/readme-stage.js';
import { Transcript } from '../support/transcript.js';

const README = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
const BLOCKS = codeBlocks(README);
const BLOCK_LIMIT_MS = 120_000;
const VERSION_LIMIT_MS = 20_000;

/** What cannot run here, and which test stands for it. A command that is neither here nor begins like one of RUN fails the test. */
const ELSEWHERE: Record<string, string> = {
  'npm start': 'installs into the checkout: unit/prepare.test.ts, integration/life-cycle.test.ts',
  'npm run cluster': 'wants fixed ports: integration/cluster.test.ts runs the same program',
  'docker compose up --build --wait': 'wants Docker: unit/lint-deploy.test.ts checks the files',
  'docker build -t latchkey .': 'wants Docker: unit/lint-deploy.test.ts checks the file',
  'docker run --init -p 127.0.0.1:8888:8888 -e ETCDCTL_ENDPOINTS=http://host:2379 -e LATCHKEY_ALLOW_ANONYMOUS=true latchkey':
    'wants Docker: unit/lint-deploy.test.ts checks the image and its settings',
};
const RUN = ['curl ', 'examples/with-lock.sh '];

/** Commands that go on until somebody ends them, or that wait for somebody: what they show, and when. */
const WAITING: Record<
  string,
  { shows: RegExp; after?: [method: string, path: string, body: string] }
> = {
  'curl -N localhost:8888/v1/locks/deploy/events': {
    shows: /event: state\ndata: \{"name":"deploy","locked":true,/,
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
  if (file === undefined) console.error(`the README's examples: skipped where ${name} is missing`);

let stage: Stage;
const transcript = new Transcript();
const waited = new Set<string>();

beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage.close());

const titled = (languages: readonly string[]): [string, CodeBlock][] =>
  BLOCKS.filter(({ language }) => languages.includes(language)).map((block) => [
    `${block.section}, line ${block.line}`,
    block,
  ]);

describe('every block of the README', () => {
  it('is in a language that is run here', () => {
    const languages = new Set(BLOCKS.map(({ language }) => language));
    expect([...languages].sort()).toEqual(['console', 'js', 'json', 'python', 'sh']);
  });

  it('that is JSON is a list of API tokens as the gateway takes it', () => {
    const lists = titled(['json']).map(([, { text }]) =>
      parseTokenList(Buffer.from(text.replace('…', 'a1'.repeat(32)))),
    );
    expect(lists.map((tokens) => tokens.map(({ name }) => name))).toEqual([['ci']]);
  });

  it('has commands that are run here, or of which it is said where', () => {
    const all = titled(['sh', 'console']).flatMap(([, block]) => commandsOf(block));
    const others = all.map(({ typed }) => typed).filter((typed) => !isRunHere(typed));
    expect(new Set(others)).toEqual(new Set(Object.keys(ELSEWHERE)));
  });

  it('holds every curl: none hides in a sentence', () => {
    expect(inlineCode(README).filter((code) => /^curl .*\//.test(code))).toEqual([]);
  });
});

describe.skipIf(curl === undefined)('the commands of the README', () => {
  it.each(titled(['sh', 'console']))(
    'do what they say: %s',
    async (_, block) => {
      for (const command of commandsOf(block)) if (isRunHere(command.typed)) await play(command);
    },
    BLOCK_LIMIT_MS,
  );

  it('bring a file back byte for byte', async () => {
    expect((await stage.file('copy.png')).equals(await stage.file('picture.png'))).toBe(true);
  });

  it('are all that this test knows of commands that wait', () => {
    expect([...waited].sort()).toEqual(Object.keys(WAITING).sort());
  });
});

describe('the programs of the README', () => {
  it.skipIf(python === undefined).each(titled(['python']))(
    'print what they say: %s',
    async (_, { text }) => {
      const { status, printed, complaints } = await stage.runProgram(python!, 'e.py', text);
      expect([status, complaints]).toEqual([0, '']);
      expect(printed.trimEnd().split('\n')).toEqual(printsOf(text, / *print\(.*\) {2}# (.*)/));
    },
    BLOCK_LIMIT_MS,
  );

  it.each(titled(['js']))(
    'print what they say: %s',
    async (_, { text }) => {
      const { status, printed, complaints } = await stage.runProgram(
        process.execPath,
        'example.mjs',
        text,
      );
      expect([status, complaints]).toEqual([0, '']);
      expect(printed.trimEnd().split('\n')).toEqual(
        printsOf(text, /console\.log\(.*\); \/\/ (.*)/),
      );
    },
    BLOCK_LIMIT_MS,
  );
});

function isRunHere(typed: string): boolean {
  return RUN.some((start) => typed.startsWith(start));
}

async function play({ typed, printed }: Command): Promise<void> {
  const command = transcript.adapt(typed);
  const waiting = WAITING[typed];
  if (waiting !== undefined) {
    const { shows, after } = waiting;
    waited.add(typed);
    const outcome = await stage.runUntil(command, shows, async () => {
      if (after !== undefined) await send(stage.baseUrl, after[0], after[1], { body: after[2] });
    });
    expect(outcome.printed, `${typed}\n${outcome.complaints}`).toMatch(shows);
    return;
  }
  const { status, httpStatuses, printed: came, complaints } = await stage.run(command);
  const told = `${typed}\n${came}${complaints}`;
  expect(status, told).toBe(0);
  const refusal = Number(/"status":(\d+)/.exec(printed)?.[1] ?? 0);
  if (typed.startsWith('curl ')) expect(httpStatuses, told).toHaveLength(1);
  for (const httpStatus of httpStatuses)
    if (refusal === 0) expect(httpStatus, told).toBeLessThan(300);
    else expect(httpStatus, told).toBe(refusal);
  if (printed !== '') expect(transcript.difference(printed, came), told).toBeUndefined();
}

/** What the lines that print say that they print. */
function printsOf(text: string, line: RegExp): string[] {
  const prints = text.split('\n').filter((each) => /\bprint\(|console\.log\(/.test(each));
  const said = prints.map((each) => line.exec(each)?.[1] ?? `nothing said of: ${each}`);
  expect(said.length).toBeGreaterThan(4);
  return said;
}

/** A name on the PATH may stand for nothing that runs. */
async function pythonProgram(): Promise<string | undefined> {
  const file = await onPath('python3', testPath());
  if (file === undefined) return undefined;
  const env = { PATH: testPath() };
  const told = await runCommand(file, ['--version'], { env, timeoutMs: VERSION_LIMIT_MS });
  return told.kind === 'done' ? file : undefined;
}
