// Checks deploy/kubernetes without a cluster. `node scripts/lint-manifests.mjs [FOLDER]` prints one line for each problem.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFacts } from './deploy-facts.mjs';
import { kubernetesProblems } from './lint-kubernetes.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(process.argv[2] ?? path.join(here, '..'));

const problems = kubernetesProblems(root, readFacts(root));
for (const problem of problems) console.error(`deploy/kubernetes/${problem}`);
if (problems.length === 0) console.log('deploy/kubernetes: no problems');
process.exitCode = problems.length === 0 ? 0 : 1;
