// Rules for the Dockerfile beyond those of dockerfilelint.
import fs from 'node:fs';
import path from 'node:path';
import dockerfilelint from 'dockerfilelint';

/** @param {string} root the folder of the Dockerfile @returns {string[]} */
export function dockerfileProblems(root) {
  const content = fs.readFileSync(path.join(root, 'Dockerfile'), 'utf8');
  const instructions = instructionsOf(content);
  const stages = stagesOf(instructions);
  return [
    ...dockerfilelint
      .run(root, content)
      .map(({ line, title, description }) => `line ${line}: ${title}: ${description}`),
    ...imageProblems(stages),
    ...finalStageProblems(stages.at(-1) ?? []),
    ...copyProblems(root, instructions),
    ...secretProblems(instructions),
  ];
}

function imageProblems(stages) {
  const images = stages.map(([from]) => (from?.args ?? '').split(/\s+/)[0]);
  return [
    ...(stages.length < 2 ? ['only one stage: the image would contain the compiler'] : []),
    ...images
      .filter((image) => !/:(?!latest$)[\w.-]+$/.test(image))
      .map((image) => `the image ${image} has no fixed tag`),
  ];
}

function finalStageProblems(stage) {
  const last = (name) => stage.findLast((instruction) => instruction.name === name)?.args;
  const runs = stage.filter(({ name }) => name === 'RUN').map(({ args }) => args);
  const rules = [
    [/^(?!root\b|0\b)\w+/.test(last('USER') ?? ''), 'the last USER is root, or there is none'],
    [
      isExecForm(last('ENTRYPOINT')),
      'ENTRYPOINT is not in exec form: a shell would receive SIGTERM',
    ],
    [
      /CMD\s+\[.*"healthcheck"\]$/.test(last('HEALTHCHECK') ?? ''),
      'HEALTHCHECK does not run the healthcheck command in exec form',
    ],
    [
      runs.some((args) => /npm ci --omit=dev\b/.test(args)),
      'the last stage does not install with npm ci --omit=dev',
    ],
    [
      stage.some(({ name, args }) => name === 'COPY' && args.startsWith('--from=')),
      'the last stage copies nothing from an earlier one',
    ],
  ];
  return rules.filter(([isMet]) => !isMet).map(([, problem]) => problem);
}

/** Every file that is copied from the checkout must exist and be allowed by .dockerignore. */
function copyProblems(root, instructions) {
  const sources = instructions
    .filter(({ name, args }) => name === 'COPY' && !args.includes('--from='))
    .flatMap(({ args }) => args.split(/\s+/).slice(0, -1));
  const allowed = fs
    .readFileSync(path.join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  return sources.flatMap((source) => [
    ...(fs.existsSync(path.join(root, source)) ? [] : [`${source} is copied but does not exist`]),
    ...(allowed.includes(source) ? [] : [`${source} is copied but .dockerignore excludes it`]),
  ]);
}

function secretProblems(instructions) {
  return instructions
    .filter(({ name }) => name === 'ENV' || name === 'ARG')
    .filter(({ args }) => /\w*(PASSWORD|SECRET|TOKEN|_KEY)\w*/i.test(args))
    .map(({ args }) => `a secret would stay in the image: ${args.split('=')[0]}`);
}

function isExecForm(args) {
  return /^\[.*\]$/.test(args ?? '');
}

function stagesOf(instructions) {
  const stages = [];
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages;
}

function instructionsOf(content) {
  return content
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', args = ''] = /^\s*(\w+)\s+(.*)$/.exec(line) ?? [];
      return { name: name.toUpperCase(), args: args.trim() };
    });
}
