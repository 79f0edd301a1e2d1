import { expect, test } from "vitest";

import { blasInUse, librariesIn, loadedLibraries } from "./libraries.js";
import { aboutEngine } from "./machine.js";

test("the libraries are read out of a process's map, each once", () => {
  const maps = [
    "55d0c8a00000-55d0c8a2f000 r--p 00000000 fe:01 1835047                    /usr/bin/node",
    "7f1e30000000-7f1e30021000 rw-p 00000000 00:00 0 ",
    "7f1e3a000000-7f1e3a400000 r-xp 00002000 fe:01 1573110                    /usr/lib/x86_64-linux-gnu/libtorch_cpu.so.1.13",
    "7f1e3a400000-7f1e3a600000 r--p 00402000 fe:01 1573110                    /usr/lib/x86_64-linux-gnu/libtorch_cpu.so.1.13",
    "7f1e3b000000-7f1e3b100000 r-xp 00000000 fe:01 1573111                    /opt/with a blank/libopenblas.so",
    "7ffd1a9c0000-7ffd1a9e1000 rw-p 00000000 00:00 0                          [stack]",
  ].join("\n");
  expect(librariesIn(maps)).toEqual([
    "/usr/lib/x86_64-linux-gnu/libtorch_cpu.so.1.13",
    "/opt/with a blank/libopenblas.so",
  ]);
});

const debian = "/usr/lib/x86_64-linux-gnu";

test.each([
  { path: `${debian}/openblas-pthread/libblas.so.3`, name: "OpenBLAS" },
  { path: `${debian}/blas/libblas.so.3.10.0`, name: "reference" },
  { path: `${debian}/atlas/libblas.so.3.10.3`, name: "ATLAS" },
  { path: `${debian}/blis-openmp/libblas.so.3`, name: "BLIS" },
  { path: "/opt/intel/mkl/libblas.so.3", name: "MKL" },
  { path: "/opt/libtorch/lib/libmkl_rt.so.2", name: "MKL" },
  { path: "/opt/openblas/lib/libopenblasp-r0.3.21.so", name: "OpenBLAS" },
])("$path is $name", ({ path, name }) => {
  expect(blasInUse([`${debian}/libdnnl.so.2`, path], "")).toEqual({ name, path });
});

test("the alternative in use decides, also when OpenBLAS is loaded beside it", () => {
  const reference = `${debian}/blas/libblas.so.3.10.0`;
  expect(blasInUse([`${debian}/openblas-pthread/libopenblasp-r0.3.21.so`, reference], "")).toEqual({
    name: "reference",
    path: reference,
  });
});

test("a BLAS inside libtorch is known by libtorch's own words, and another is not guessed", () => {
  const inside = (config: string): unknown => blasInUse([`${debian}/libmkldnn.so.2`], config);
  expect(inside("Build settings: BLAS_INFO=mkl, BUILD_TYPE=Release")).toEqual({ name: "MKL", path: undefined });
  expect(inside("Build settings: BLAS_INFO=open, BUILD_TYPE=Release")).toEqual({ name: "OpenBLAS", path: undefined });
  expect(inside("Build settings: BLAS_INFO=generic, ")).toEqual({ name: "unknown", path: undefined });
  expect(inside("")).toEqual({ name: "unknown", path: undefined });
});

test.runIf(process.platform === "linux")("this process has loaded libtorch, and its BLAS is a fast one", () => {
  const libraries = loadedLibraries();
  expect(libraries.some((path) => path.includes("libtorch_cpu"))).toBe(true);
  expect(["OpenBLAS", "MKL", "BLIS", "ATLAS"]).toContain(blasInUse(libraries, aboutEngine().config).name);
});
