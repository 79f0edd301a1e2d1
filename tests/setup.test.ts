import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

// Each test runs scripts/setup on a machine made of a folder: a clone with the files that it looks at, and a PATH on which only
// the ordinary tools are real. The others are written here; each adds its call to calls.log.

const root = fileURLToPath(new URL("..", import.meta.url));
const TOOLS = [
  "sh",
  "basename",
  "cat",
  "cksum",
  "dirname",
  "env",
  "find",
  "head",
  "ls",
  "mkdir",
  "mv",
  "readlink",
  "rm",
  "sed",
  "tail",
  "touch",
];
const TORCH = "\tlibtorch_cpu.so (libc6,x86-64) => /lib/x86_64-linux-gnu/libtorch_cpu.so";
const OPENBLAS = "\tlibopenblas.so.0 (libc6,x86-64) => /lib/x86_64-linux-gnu/libopenblas.so.0";
const BLAS = "\tlibblas.so.3 (libc6,x86-64) => /nowhere/openblas-pthread/libblas.so.3";

let machine: string;
let clone: string;

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), "machine-"));
  clone = join(machine, "clone");
  write("clone/package.json", "{}");
  write("clone/package-lock.json", "{}");
  write("clone/tsconfig.base.json", "{}");
  write("clone/tsconfig.build.json", "{}");
  write("clone/src/index.ts", "");
  write("clone/packages/cli/package.json", "{}");
  write("clone/packages/cli/tsconfig.json", "{}");
  write("clone/packages/cli/src/index.ts", "");
  write("clone/packages/engine/native/addon.cc", "");
  write("clone/packages/engine/native/page_cache.h", "");
  write("clone/packages/engine/native/blocked/kernel.cc", "");
  write("clone/packages/engine/native/blocked/kernel.h", "");
  write("include/oneapi/dnnl/dnnl.hpp", "");
  write("include/oneapi/dnnl/dnnl_version.h", "");
  for (const name of ["setup", "build-addon"]) cpSync(join(root, "scripts", name), join(clone, "scripts", name));
  mkdirSync(join(machine, "bin"));
  for (const tool of TOOLS) symlinkSync(realTool(tool), join(machine, "bin", tool));
  program("node", "echo v20.19.2");
  program("id", "echo 0");
  program("uname", "echo x86_64");
  program("ldconfig", `printf '%s\\n' '${[TORCH, OPENBLAS, BLAS].join("' '")}'`);
  program("g++", logged(`for last; do case $before in -o) : >"$last" ;; esac; before=$last; done; echo "g++ 12"`));
  program(
    "npm",
    logged(`
      mkdir -p node_modules/.bin node_modules/node-api-headers node_modules/node-addon-api
      echo '{}' | tee_ node_modules/.package-lock.json node_modules/node-api-headers/package.json node_modules/node-addon-api/package.json
      { echo '#!/bin/sh'; echo 'echo tsc "$@" >>${machine}/calls.log; mkdir -p dist packages/cli/dist; : >dist/index.js; : >packages/cli/dist/index.js'; } >node_modules/.bin/tsc
      chmod_ node_modules/.bin/tsc`),
  );
});

afterEach(() => rmSync(machine, { recursive: true }));

function realTool(name: string): string {
  return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(machine, path)), { recursive: true });
  writeFileSync(join(machine, path), text);
}

function program(name: string, body: string): void {
  const chmod = `chmod_() { ${realTool("chmod")} +x "$@"; }`;
  const tee = `tee_() { ${realTool("tee")} "$@" >/dev/null; }`;
  write(`bin/${name}`, `#!/bin/sh\n${chmod}\n${tee}\n${body}\n`);
  chmodSync(join(machine, "bin", name), 0o755);
}

function logged(body: string): string {
  return `echo "\${0##*/} $*" >>${machine}/calls.log\n${body}`;
}

function without(name: string): void {
  rmSync(join(machine, "bin", name));
}

function libraries(...lines: readonly string[]): void {
  program("ldconfig", `printf '%s\\n' '${lines.join("' '")}'`);
}

function setup(environment: Readonly<Record<string, string>> = {}): {
  status: number | null;
  stdout: string;
  stderr: string;
} {
  return spawnSync(realTool("sh"), ["scripts/setup"], {
    cwd: clone,
    encoding: "utf8",
    env: { PATH: join(machine, "bin"), SYSTEM_HEADERS: join(machine, "include"), ...environment },
  });
}

function calls(): string[] {
  try {
    return readFileSync(join(machine, "calls.log"), "utf8").trim().split("\n").filter(Boolean);
  } catch {
    return [];
  } finally {
    rmSync(join(machine, "calls.log"), { force: true });
  }
}

/** The message and the commands, as a user reads them. */
function stopped(what: string, ...commands: readonly string[]): { status: number; stdout: string; stderr: string } {
  return {
    status: 1,
    stdout: "",
    stderr: `set-up: ${what}\n\n${commands.map((command) => `    ${command}\n`).join("")}\n`,
  };
}

describe("what set-up cannot do, it says with the command that does", () => {
  test("a Node that is too old", () => {
    program("node", "echo v18.20.4");
    expect(setup()).toMatchObject(
      stopped("Node 20 or newer is needed, and this is v18.20.4. Install a newer one by:", "sudo npx --yes n 22"),
    );
  });

  test("no Node", () => {
    without("node");
    expect(setup()).toMatchObject(
      stopped(
        "Node 20 or newer is needed, and there is no node on the PATH. Install it by:",
        "curl -fsSL https://raw.githubusercontent.com/tj/n/master/bin/n | sudo bash -s install 22",
      ),
    );
  });

  test("no libtorch and no apt", () => {
    libraries(OPENBLAS, BLAS);
    expect(setup()).toMatchObject(
      stopped(
        "libtorch is missing, and there is no apt to install it. Unpack the C++ libtorch of https://pytorch.org and run:",
        "LIBTORCH=/path/to/libtorch npm run setup",
      ),
    );
  });

  test.each([
    { who: "a user without sudo", sudo: undefined },
    { who: "a user whose sudo asks for a password", sudo: "exit 1" },
  ])("missing packages, for $who", ({ sudo }) => {
    libraries(TORCH);
    without("g++");
    program("id", "echo 1000");
    program("apt-get", logged(""));
    if (sudo !== undefined) program("sudo", sudo);
    expect(setup()).toMatchObject(
      stopped(
        "missing: libopenblas0 g++. They are installed by root alone, so run:",
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends libopenblas0 g++",
      ),
    );
    expect(calls()).toEqual([]);
  });

  test.each([
    { manager: "dnf", command: "sudo dnf install -y gcc-c++" },
    { manager: "zypper", command: "sudo zypper install -y gcc-c++" },
    { manager: "pacman", command: "sudo pacman -S --noconfirm gcc" },
    { manager: "apk", command: "sudo apk add g++" },
  ])("no compiler, where $manager could install one", ({ manager, command }) => {
    without("g++");
    program(manager, "");
    expect(setup()).toMatchObject(stopped("a C++17 compiler is missing. Install one by:", command));
  });

  test("no compiler and nothing to install one with", () => {
    without("g++");
    expect(setup()).toMatchObject(
      stopped(
        "a C++17 compiler is missing, and there is no apt to install one. Name the compiler that you have:",
        "CXX=/path/to/c++ npm run setup",
      ),
    );
  });

  test("the reference BLAS in use although OpenBLAS is installed", () => {
    libraries(TORCH, OPENBLAS, "\tlibblas.so.3 (libc6,AArch64) => /usr/lib/aarch64-linux-gnu/blas/libblas.so.3.10.0");
    expect(setup()).toMatchObject(
      stopped(
        "the BLAS in use is the slow reference one (/usr/lib/aarch64-linux-gnu/blas/libblas.so.3.10.0). Use OpenBLAS instead:",
        "sudo update-alternatives --set libblas.so.3-aarch64-linux-gnu /usr/lib/aarch64-linux-gnu/openblas-pthread/libblas.so.3",
      ),
    );
  });

  test("a LIBTORCH that is none, and it is not remembered", () => {
    write("elsewhere/readme", "");
    const words = stopped(
      `LIBTORCH is ${machine}/elsewhere, but there is no lib/libtorch_cpu.so and include/torch in it. Give the folder of an unpacked libtorch:`,
      "LIBTORCH=/path/to/libtorch npm run setup",
    );
    expect(setup({ LIBTORCH: join(machine, "elsewhere") })).toMatchObject(words);
    expect(setup().status).toBe(0);
  });

  test("an apt that cannot install", () => {
    libraries(OPENBLAS, BLAS);
    program("apt-get", logged(`echo "E: no way to $1" >&2; exit 100`));
    const { status, stderr } = setup();
    expect(status).toBe(1);
    expect(stderr).toBe(
      "E: no way to update\n" +
        stopped(
          "apt could not install libtorch-dev (above, and .setup/apt.log). Mend that and run the first; where apt has no libtorch, " +
            "unpack the C++ libtorch of https://pytorch.org and run the second:",
          "sudo apt-get update && sudo apt-get install -y --no-install-recommends libtorch-dev",
          "LIBTORCH=/path/to/libtorch npm run setup",
        ).stderr,
    );
  });

  test("a registry that cannot be reached", () => {
    program("npm", `echo "npm error code ENOTFOUND" >&2; exit 1`);
    const { status, stderr } = setup();
    expect(status).toBe(1);
    expect(stderr).toBe(
      "npm error code ENOTFOUND\n" +
        stopped(
          "the npm packages could not be installed (above, and .setup/npm.log). Once the registry can be reached, run:",
          "npm ci && npm run setup",
        ).stderr,
    );
  });
});

describe("what set-up can do, it does once", () => {
  test("everything from nothing, and nothing the second time", () => {
    const first = setup();
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(first.stdout).toBe(
      "set-up: installing the npm packages\n" +
        "set-up: compiling the engine's addon (ten seconds to a minute)\n" +
        "g++ 12\n".repeat(3) + // the made compiler answers each call so; a real one says nothing
        "set-up: building the TypeScript\n",
    );
    expect(calls().map((call) => call.split(" ")[0])).toEqual([
      "npm",
      ...Array.from({ length: 4 }, () => "g++"),
      "tsc",
    ]); // version, two sources, the addon

    expect(setup()).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(calls()).toEqual(["g++ --version"]);
  });

  test.each([
    { changed: "a source", path: "packages/cli/src/index.ts", programs: ["tsc"] },
    { changed: "a room's settings", path: "packages/cli/tsconfig.json", programs: ["tsc"] },
    { changed: "a test", path: "packages/cli/src/index.test.ts", programs: [] },
    { changed: "the addon", path: "packages/engine/native/addon.cc", programs: ["g++"] },
    { changed: "what the addon includes", path: "packages/engine/native/page_cache.h", programs: ["g++"] },
    { changed: "a kernel", path: "packages/engine/native/blocked/kernel.cc", programs: ["g++"] },
    { changed: "what a kernel includes", path: "packages/engine/native/blocked/kernel.h", programs: ["g++"] },
    { changed: "the lock file", path: "package-lock.json", programs: ["npm"] },
  ])("after a change of $changed, $programs and no more", ({ path, programs }) => {
    expect(setup().status).toBe(0);
    calls();
    write(`clone/${path}`, "// changed");
    const soon = new Date(Date.now() + 5000);
    utimesSync(join(clone, path), soon, soon); // file times may be as coarse as a second
    expect(setup().status).toBe(0);
    expect(
      calls()
        .filter((call) => call !== "g++ --version")
        .map((call) => call.split(" ")[0]),
    ).toEqual(programs.flatMap((name) => (name === "g++" ? [name, name, name] : [name])));
  });

  test("a compiler or a build that fails is tried again the next time", () => {
    program("g++", logged(`case $1 in --version) echo 12 ;; *) exit 1 ;; esac`));
    expect(setup().status).not.toBe(0);
    calls();
    expect(setup().status).not.toBe(0);
    expect(calls().map((call) => call.split(" ").slice(0, 2).join(" "))).toEqual([
      "g++ --version",
      "g++ -std=c++17",
      "g++ -std=c++17",
    ]);
  });

  test("root's apt is asked again after an update when the lists are empty, and asks no questions", () => {
    libraries(BLAS);
    without("g++");
    program(
      "apt-get",
      logged(`
        test "$DEBIAN_FRONTEND" = noninteractive || exit 1
        case $1 in update) : >${machine}/updated ;; *) test -e ${machine}/updated || exit 100; ${realTool("cp")} ${machine}/bin/env ${machine}/bin/g++ ;; esac`),
    );
    setup();
    const install = "apt-get install -y --no-install-recommends libtorch-dev libopenblas0 g++";
    expect(calls().slice(0, 3)).toEqual([install, "apt-get update", install]);
  });

  test("sudo is used where it needs no password", () => {
    libraries(TORCH, BLAS);
    program("id", "echo 1000");
    program("true", "");
    program("sudo", logged(`shift; exec "$@"`));
    program("apt-get", logged(""));
    expect(setup()).toMatchObject({ status: 0, stderr: "" });
    expect(calls().slice(0, 3)).toEqual([
      "sudo -n true",
      "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libopenblas0",
      "apt-get install -y --no-install-recommends libopenblas0",
    ]);
  });
});

describe("the headers of oneDNN", () => {
  const install = "apt-get install -y --no-install-recommends libdnnl-dev";
  const compiled = (): string[] =>
    calls()
      .filter((call) => call.includes(" -c "))
      .map((call) => call.split(" ").find((word) => word.endsWith(".cc")) ?? "");

  beforeEach(() => {
    rmSync(join(machine, "include"), { recursive: true });
  });

  test("are installed where root's apt can, and the kernels are compiled", () => {
    program(
      "apt-get",
      logged(
        `${realTool("mkdir")} -p ${machine}/include/oneapi/dnnl; : >${machine}/include/oneapi/dnnl/dnnl.hpp; : >${machine}/include/oneapi/dnnl/dnnl_version.h`,
      ),
    );
    const { status, stdout } = setup();
    expect(status).toBe(0);
    expect(stdout).toMatch(/^set-up: installing libdnnl-dev\n/);
    const made = calls();
    expect(made[0]).toBe(install);
    const sources = made.filter((call) => call.includes(" -c ")).map((call) => call.replace(/.* -c (\S+) .*/, "$1"));
    // They are compiled side by side, in whatever order.
    expect(sources.toSorted()).toEqual(["packages/engine/native/addon.cc", "packages/engine/native/blocked/kernel.cc"]);
    expect(made.find((call) => call.includes("-shared"))).toContain(" -ldnnl ");
  });

  test("are of no use on another processor, and not asked for", () => {
    program("uname", "echo aarch64");
    program("apt-get", logged(""));
    expect(setup().stdout).not.toContain("libdnnl-dev");
    expect(compiled()).toEqual(["packages/engine/native/addon.cc"]);
  });

  test.each([
    { who: "nobody can install", prepare: () => program("id", "echo 1000") },
    { who: "apt cannot install", prepare: () => program("apt-get", "exit 100") },
  ])("that $who are done without, which is said once", ({ prepare }) => {
    prepare();
    const { status, stdout } = setup();
    expect(status).toBe(0);
    expect(stdout).toContain(
      "networks run at libtorch's own speed; for two to four times that: sudo apt-get install -y --no-install-recommends libdnnl-dev",
    );
    expect(compiled()).toEqual(["packages/engine/native/addon.cc"]);
    expect(setup()).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });
});

describe("an official libtorch", () => {
  beforeEach(() => {
    libraries("\tlibc.so.6 (libc6,x86-64) => /lib/libc.so.6"); // the system has none
    write("official/lib/libtorch_cpu.so", "");
    write("official/include/torch/csrc/api/include/torch/torch.h", "");
  });

  const compilation = (): string =>
    calls()
      .filter((call) => call.startsWith("g++ -"))
      .join("\n");

  test("is compiled against, found again at run time, and remembered", () => {
    const official = join(machine, "official");
    expect(setup({ LIBTORCH: official })).toMatchObject({ status: 0, stderr: "" });
    const call = compilation();
    expect(call).toContain(` -isystem ${official}/include/torch/csrc/api/include -isystem ${official}/include `);
    expect(call).toMatch(new RegExp(` -L${official}/lib -Wl,-rpath,${official}/lib -ltorch_cpu -ltorch -lc10$`));
    expect(call).not.toMatch(/dnnl|kernel\.cc/);
    expect(call).not.toContain("_GLIBCXX_USE_CXX11_ABI");

    expect(setup()).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(setup({ LIBTORCH: "system" })).toMatchObject(
      stopped(
        "libtorch is missing, and there is no apt to install it. Unpack the C++ libtorch of https://pytorch.org and run:",
        "LIBTORCH=/path/to/libtorch npm run setup",
      ),
    );
  });

  test("gives its C++ ABI, and its CUDA libraries are kept although nothing in them is named", () => {
    write("official/lib/libtorch_cuda.so", "");
    write("official/share/cmake/Torch/TorchConfig.cmake", `  set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=0")\n`);
    expect(setup({ LIBTORCH: join(machine, "official") })).toMatchObject({ status: 0, stderr: "" });
    const call = compilation();
    expect(call).toContain(" -D_GLIBCXX_USE_CXX11_ABI=0 ");
    expect(call).toContain(" -Wl,--no-as-needed -ltorch_cuda -lc10_cuda -Wl,--as-needed -ltorch_cpu -ltorch -lc10");
  });

  test("is taken from a relative path too", () => {
    expect(setup({ LIBTORCH: "../official" })).toMatchObject({ status: 0, stderr: "" });
    expect(compilation()).toContain(` -Wl,-rpath,${machine}/official/lib `);
  });
});
