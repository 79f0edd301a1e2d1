import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { strToU8, zipSync, type Zippable } from "fflate";
import { expect, test } from "vitest";

import { digestOf } from "./digest.js";
import { openModel } from "./open-model.js";
import { createRun, type RunFolder } from "./run-folder.js";
import { card } from "./testing/cards.js";
import { temporaryFolder, thrownBy } from "./testing/folders.js";

const weights = new Uint8Array(5000).map((_, i) => i % 251);
const cardText = JSON.stringify(card);

async function newRun(): Promise<RunFolder> {
  const run = await createRun(join(temporaryFolder(), "run"));
  writeFileSync(run.card, cardText);
  return run;
}

function newBundle(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "model.json"), cardText);
  writeFileSync(join(folder, "model.safetensors"), weights);
  return folder;
}

function newZip(files: Zippable): string {
  const path = join(temporaryFolder(), "model.zip");
  writeFileSync(path, zipSync(files));
  return path;
}

const bundled = { "model.json": strToU8(cardText), "model.safetensors": weights, "README.md": strToU8("# A network") };

test("a run gives its best weights, the last where none were best, and those asked for", async () => {
  const run = await newRun();
  writeFileSync(run.last, "last");
  expect(await openModel(run.path)).toEqual({
    kind: "run",
    path: run.path,
    card,
    weightsFile: "checkpoints/last.safetensors",
    weights: Buffer.from("last"),
    digest: digestOf("last"),
  });
  writeFileSync(run.best, "best");
  expect((await openModel(run.path)).weightsFile).toBe("checkpoints/best.safetensors");
  expect((await openModel(run.path, { checkpoint: "last" })).digest).toBe(digestOf("last"));
});

test("a bundle opens", async () => {
  const path = newBundle();
  const { weights: read, ...rest } = await openModel(path);
  expect(rest).toEqual({ kind: "bundle", path, card, weightsFile: "model.safetensors", digest: digestOf(weights) });
  expect(Buffer.compare(read, weights)).toBe(0);
});

test.each([
  {
    made: "stored",
    files: { ...bundled, "model.safetensors": [weights, { level: 0 }] },
    weightsFile: "model.safetensors",
  },
  { made: "deflated", files: bundled, weightsFile: "model.safetensors" },
  {
    made: "of one folder, by macOS",
    files: { small: bundled, "__MACOSX/small/._model.json": strToU8("?") },
    weightsFile: "small/model.safetensors",
  },
] as const)("a zip $made opens", async ({ files, weightsFile }) => {
  const path = newZip(files as unknown as Zippable);
  const { weights: read, ...rest } = await openModel(path);
  expect(rest).toEqual({ kind: "zip", path, card, weightsFile, digest: digestOf(weights) });
  expect(Buffer.compare(read, weights)).toBe(0);
});

test("a zip by Python with a comment at its end opens", async (context) => {
  const folder = newBundle();
  const path = join(folder, "python.zip");
  const program =
    "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)\nz.comment = b'by hand'\n" +
    "for n in ('model.json', 'model.safetensors'): z.write(sys.argv[2] + '/' + n, n)\nz.close()";
  try {
    execFileSync("python3", ["-c", program, path, folder], { stdio: "ignore" });
  } catch {
    return context.skip("needs python3");
  }
  expect((await openModel(path)).digest).toBe(digestOf(weights));
});

test("what is no model says what was expected and what came", async () => {
  const folder = temporaryFolder();
  const absent = join(folder, "absent");
  const text = join(folder, "text");
  const empty = join(folder, "empty");
  const pipe = join(folder, "pipe");
  writeFileSync(text, "hello");
  writeFileSync(empty, "");
  execFileSync("mkfifo", [pipe]);
  expect((await thrownBy(openModel(absent))).message).toBe(
    `no model at ${absent}: expected a run folder, a bundle folder or a zip of a bundle, but nothing is there`,
  );
  for (const [path, came] of [
    [text, "another file"],
    [empty, "an empty file"],
    [pipe, "a pipe, socket or device"],
    [folder, "a folder with none of these"],
  ] as const) {
    expect((await thrownBy(openModel(path))).message).toBe(
      `${path} is no model: expected a run folder (with checkpoints/), a bundle folder (with model.json and ` +
        `model.safetensors) or a zip of a bundle, came ${came}`,
    );
  }
});

test("missing parts are named", async () => {
  const run = await newRun();
  expect((await thrownBy(openModel(run.path))).message).toBe(
    `${run.path} has no weights: expected checkpoints/best.safetensors or checkpoints/last.safetensors`,
  );
  writeFileSync(run.last, "last");
  expect((await thrownBy(openModel(run.path, { checkpoint: "best" }))).message).toBe(
    `${run.path} has no weights: expected checkpoints/best.safetensors`,
  );

  const bare = join(temporaryFolder(), "bare");
  mkdirSync(join(bare, "checkpoints"), { recursive: true });
  expect((await thrownBy(openModel(bare))).message).toBe(
    `the run ${bare} has no model.json, so what its weights are is not known`,
  );

  const lost = temporaryFolder();
  writeFileSync(join(lost, "model.json"), cardText);
  expect((await thrownBy(openModel(lost))).message).toBe(`${lost} has no weights: expected model.safetensors`);

  const cardless = newZip({ "model.safetensors": weights });
  expect((await thrownBy(openModel(cardless))).message).toBe(
    `the zip ${cardless} has no model.json, so what its weights are is not known`,
  );
  const weightless = newZip({ a: { "model.json": strToU8(cardText) }, "model.safetensors": weights });
  expect((await thrownBy(openModel(weightless))).message).toBe(
    `${weightless} has no weights: expected a/model.safetensors`,
  );
});

test("a wrong card in a zip names file and key", async () => {
  const path = newZip({ ...bundled, "model.json": strToU8(cardText.replace('"passes"', '"pass"')) });
  expect((await thrownBy(openModel(path))).message).toBe(
    `${path}:model.json: unknown key pass; known here: format, network, task, classes, labels, preprocessing, networks, passes, ` +
      `inference, data, metrics, licence, notice, versions`,
  );
});

test("weights that cannot be read are named", async () => {
  const run = await newRun();
  mkdirSync(run.best); // a folder is no file of weights, so the last ones are looked for
  writeFileSync(run.last, "last");
  expect((await openModel(run.path)).weightsFile).toBe("checkpoints/last.safetensors");
});

test("a zip of two models is refused", async () => {
  const path = newZip({ a: bundled, b: bundled });
  expect((await thrownBy(openModel(path))).message).toBe(
    `the zip ${path} holds more than one model: a/model.json, b/model.json; expected one`,
  );
});
