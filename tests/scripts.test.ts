import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "scripts-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("the last line of npm test", () => {
  interface MadeFile {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }
  const passed = { fullName: "adds", status: "passed" };
  const failed = { fullName: "divides", status: "failed" };

  function tally(
    status: number,
    files: readonly MadeFile[] | undefined,
    steps?: string,
  ): { status: number | null; stdout: string } {
    const report = join(folder, "tests.json");
    const checks = join(folder, "check.txt");
    if (files !== undefined) writeFileSync(report, JSON.stringify({ testResults: files }));
    if (steps !== undefined) writeFileSync(checks, steps);
    const run = spawnSync(process.execPath, [join(root, "scripts/tally.js"), String(status), report, checks], {
      encoding: "utf8",
      cwd: root,
    });
    return { status: run.status, stdout: run.stdout };
  }

  test("counts tests and the steps before them", () => {
    const files = [{ name: join(root, "a.test.ts"), assertionResults: [passed, passed] }];
    expect(tally(0, files, "passed\npassed\npassed\n")).toEqual({
      status: 0,
      stdout: "5 passed, 0 failed, 0 skipped\n",
    });
  });

  test("names what was skipped, whatever Vitest calls it", () => {
    const skipped = ["pending", "skipped", "todo"].map((status) => ({ fullName: `is ${status}`, status }));
    const files = [{ name: join(root, "a.test.ts"), assertionResults: [passed, ...skipped] }];
    expect(tally(0, files)).toEqual({
      status: 0,
      stdout:
        "skipped: a.test.ts: is pending\nskipped: a.test.ts: is skipped\nskipped: a.test.ts: is todo\n1 passed, 0 failed, 3 skipped\n",
    });
  });

  test("fails for a failed test and for a failed step", () => {
    const files = [{ name: "a.test.ts", assertionResults: [passed, failed] }];
    expect(tally(1, files)).toEqual({ status: 1, stdout: "1 passed, 1 failed, 0 skipped\n" });
    expect(tally(0, [], "passed\nfailed\n")).toEqual({ status: 1, stdout: "1 passed, 1 failed, 0 skipped\n" });
  });

  test("fails for a file that could not be loaded, which has no tests to count", () => {
    const files = [{ name: "a.test.ts", assertionResults: [] }];
    expect(tally(1, files)).toEqual({ status: 1, stdout: "0 passed, 1 failed, 0 skipped\n" });
  });

  test("fails when Vitest failed and no test did, or when it left no report", () => {
    const files = [{ name: "a.test.ts", assertionResults: [passed] }];
    expect(tally(1, files)).toEqual({ status: 1, stdout: "1 passed, 1 failed, 0 skipped\n" });
    rmSync(join(folder, "tests.json"));
    expect(tally(134, undefined)).toEqual({ status: 1, stdout: "0 passed, 1 failed, 0 skipped\n" });
  });
});

describe("npm run demo refuses at once", () => {
  function demo(...scans: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync("sh", [join(root, "scripts/demo"), ...scans], {
      encoding: "utf8",
      env: { ...process.env, INIT_CWD: folder },
    });
    return { status, stdout, stderr };
  }

  test("a DICOM folder, and says what to do", () => {
    expect(demo(folder)).toEqual({
      status: 2,
      stdout: "",
      stderr:
        `demo: ${folder} is a folder. DICOM folders are not read yet: make a NIfTI file of it and give that, for example\n\n` +
        `    dcm2niix -z y -f scan -o /tmp '${folder}' && npm run demo -- /tmp/scan.nii.gz\n\n`,
    });
  });

  test("a file that is not there, looked for where npm was called", () => {
    expect(demo("scan.nii.gz")).toEqual({
      status: 2,
      stdout: "",
      stderr: `demo: no such file: ${folder}/scan.nii.gz\n`,
    });
  });

  test("two scans", () => {
    expect(demo("a.nii", "b.nii")).toEqual({
      status: 2,
      stdout: "",
      stderr: "demo: expected one scan or none, got 2: npm run demo -- SCAN\n",
    });
  });
});
