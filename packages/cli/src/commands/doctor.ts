import { availableParallelism } from "node:os";

import { messageOf } from "@multirnet/base";
import { aboutEngine, blasInUse, conv3d, loadedLibraries, scope, threads, zeros } from "@multirnet/engine";
import { z } from "zod";

import { command } from "../command.js";

/** One thing that a machine needs, or may have. */
interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export const doctor = command({
  name: "doctor",
  summary: "Is this machine ready? libtorch, BLAS, oneDNN, threads, devices.",
  args: [],
  options: {},
  input: z.strictObject({}),
  run() {
    const checks = [node(), ...engineChecks()];
    const ok = checks.every((check) => check.ok);
    const text = checks.map(({ name, ok: good, detail }) => `${good ? "ok  " : "FAIL"}  ${name}: ${detail}`).join("\n");
    return Promise.resolve({ json: { ok, checks }, text, ...(ok ? {} : { fault: "work" as const }) });
  },
});

const LEAST_NODE = 20;

function node(): Check {
  const major = Number(process.versions.node.split(".")[0]);
  return {
    name: "Node",
    ok: major >= LEAST_NODE,
    detail: `${process.version}; ${String(LEAST_NODE)} or newer is needed`,
  };
}

/** Without the addon nothing else can be asked. */
function engineChecks(): Check[] {
  let about;
  try {
    about = aboutEngine();
  } catch (error) {
    return [{ name: "libtorch", ok: false, detail: messageOf(error) }];
  }
  const { version, config, parallel, cuda, block } = about;
  return [
    { name: "libtorch", ok: true, detail: version },
    blas(config),
    oneDnn(config),
    fastPath(block),
    threading(parallel),
    { name: "devices", ok: true, detail: cuda ? "cpu, cuda" : "cpu" },
    { name: "ONNX Runtime", ok: true, detail: "not used by this version" },
  ];
}

function blas(config: string): Check {
  const { name, path } = blasInUse(loadedLibraries(), config);
  const detail = `${name}${path === undefined ? ", inside libtorch" : ` (${path})`}`;
  if (name !== "reference") return { name: "BLAS", ok: true, detail };
  return { name: "BLAS", ok: false, detail: `${detail}: a hundred times slower than OpenBLAS; run npm run setup` };
}

/** Whether libtorch was built with oneDNN, and a convolution through it gives what it must. */
function oneDnn(config: string): Check {
  const version = /MKL-DNN v([\d.]+)/.exec(config)?.[1];
  const sum = scope(() => conv3d(zeros([1, 1, 3, 3, 3]).add(1), zeros([1, 1, 3, 3, 3]).add(1)).item());
  if (sum !== 27) return { name: "oneDNN", ok: false, detail: `a sum of 27 ones came out as ${String(sum)}` };
  return version === undefined
    ? { name: "oneDNN", ok: false, detail: "libtorch was built without it: convolutions crawl" }
    : { name: "oneDNN", ok: true, detail: version };
}

/** A machine is ready without it, and slower. */
function fastPath(block: number): Check {
  const detail =
    block > 0
      ? `activations in blocks of ${String(block)} channels`
      : "none: on a processor without AVX2, with an official libtorch, or for want of Debian's libdnnl-dev";
  return { name: "fast path", ok: true, detail };
}

function threading(parallel: string): Check {
  const kind = /ATen parallel backend: (.*)/.exec(parallel)?.[1] ?? "unknown";
  return {
    name: "threads",
    ok: true,
    detail: `${String(threads())} of ${String(availableParallelism())} cores, by ${kind}`,
  };
}
