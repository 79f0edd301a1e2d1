import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const git = promisify(execFile);

/** Where this package's repository would be: the same from the sources and from the build. */
const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/**
 * The commit that a repository's files are of, with `-dirty` where they differ from it.
 *
 * @returns undefined where `root` is no repository of its own (an installed package lies in somebody else's), or there is no git
 */
export async function codeCommit(root = ROOT): Promise<string | undefined> {
  if (!existsSync(join(root, ".git"))) return undefined;
  try {
    const { stdout: commit } = await git("git", ["rev-parse", "HEAD"], { cwd: root });
    const changes = ["--no-optional-locks", "status", "--porcelain", "--untracked-files=no"]; // reads, and takes no lock
    const { stdout: changed } = await git("git", changes, { cwd: root });
    return commit.trim() + (changed === "" ? "" : "-dirty");
  } catch {
    return undefined; // no git, or no commit yet: nothing that a training should fail for
  }
}
