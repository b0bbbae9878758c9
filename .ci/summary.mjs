// Prints "N passed, N failed" from the report of vitest's JSON reporter, and fails unless something passed and nothing failed.
import { readFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
const { passed, failed } = counts(file);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function counts(path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // No report: the tests did not get to their end.
    return { passed: 0, failed: 1 };
  }
  // A file that cannot be loaded has no tests that could fail.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = report.numFailedTests + brokenFiles.length;
  // An unhandled error fails the run without belonging to a test.
  return { passed: report.numPassedTests, failed: failed === 0 && !report.success ? 1 : failed };
}
