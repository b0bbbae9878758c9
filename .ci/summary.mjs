// Prints "N passed, N failed" from the report of vitest's JSON reporter. Fails if a test failed or no test passed.
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
    // Without a report the tests did not complete.
    return { passed: 0, failed: 1 };
  }
  // A file that cannot be loaded has no failed tests.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = report.numFailedTests + brokenFiles.length;
  // An unhandled error fails the run, but no test.
  return { passed: report.numPassedTests, failed: failed === 0 && !report.success ? 1 : failed };
}
