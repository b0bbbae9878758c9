// Checks Dockerfile and docker-compose.yml without a container engine: with dockerfilelint, and with rules that compare both files with
// each other and with the program. `node scripts/lint-deploy.mjs [FOLDER]` prints one line for each problem.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFacts } from './deploy-facts.mjs';
import { composeProblems } from './lint-compose.mjs';
import { dockerfileProblems } from './lint-dockerfile.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(process.argv[2] ?? path.join(here, '..'));

const problems = [
  ...prefixed('Dockerfile', dockerfileProblems(root)),
  ...prefixed('docker-compose.yml', composeProblems(read('docker-compose.yml'), readFacts(root))),
];
for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log('Dockerfile and docker-compose.yml: no problems');
process.exitCode = problems.length === 0 ? 0 : 1;

function read(name) {
  return fs.readFileSync(path.join(root, name), 'utf8');
}

function prefixed(name, lines) {
  return lines.map((line) => `${name}: ${line}`);
}
