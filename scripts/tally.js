// The end of a test run: which tests were skipped, and the one line `N passed, N failed, N skipped`.
//   node scripts/tally.js EXIT_STATUS_OF_VITEST VITEST_REPORT.json CHECK_STEPS.txt
// A test file that could not be loaded has no tests to count: it is one failure. So is a run that failed although no test did
// (an error after the tests, a report that was never written).
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";

const [, , status, report, steps] = process.argv;
const files = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")).testResults : [];
const outcomes = existsSync(steps) ? readFileSync(steps, "utf8").split("\n").filter(Boolean) : [];

for (const { name, assertionResults } of files) {
  for (const { fullName, status: outcome } of assertionResults) {
    outcomes.push(outcome === "passed" || outcome === "failed" ? outcome : "skipped");
    if (outcomes.at(-1) === "skipped") console.log(`skipped: ${relative(process.cwd(), name)}: ${fullName}`);
  }
  if (assertionResults.length === 0) outcomes.push("failed");
}

const count = (wanted) => outcomes.filter((outcome) => outcome === wanted).length;
if (status !== "0" && count("failed") === 0) outcomes.push("failed");
console.log(`${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
process.exitCode = count("failed") === 0 ? 0 : 1;
