import { readFile } from "node:fs/promises";

import { writeFileAtomically } from "@multirnet/base/node";

import { isAbsence, unreadable } from "./file-error.js";
import type { RunFolder } from "./run-folder.js";

/** One moment of a training, as the bytes of safetensors files. */
export interface Checkpoint {
  /** All that resuming needs, in one file: weights, optimiser, counters, the number of log lines. */
  readonly state: Uint8Array;
  /** The weights of this moment alone, for those who read the run but do not resume it. */
  readonly weights: Uint8Array;
  /** The best weights, where this moment has made new ones. */
  readonly best?: Uint8Array;
}

/**
 * Writes a checkpoint so that a `kill -9` at any moment leaves a run that resumes exactly. The state file is the moment:
 * resuming reads no other. `best.safetensors` is renamed before it, for a state that names a best epoch must find its weights
 * (killed in between, resuming repeats the epoch and writes the same bytes). `last.safetensors` is renamed after it, and
 * `readState` makes it anew from the state where it is older.
 *
 * @throws FileError FILE_DISK_FULL, FILE_UNWRITABLE: the checkpoint before is whole
 */
export async function writeCheckpoint(run: RunFolder, { state, weights, best }: Checkpoint): Promise<void> {
  if (best !== undefined) await writeFileAtomically(run.best, [best]);
  await writeFileAtomically(run.lastState, [state]);
  await writeFileAtomically(run.last, [weights]);
}

/**
 * The state to resume from, and `last.safetensors` brought to the same moment.
 *
 * @param weightsOf the bytes of `last.safetensors` for a state
 * @returns undefined where the run was stopped before its first checkpoint
 * @throws ArtifactError ARTIFACT_UNREADABLE @throws FileError; and what `weightsOf` throws for a damaged state
 */
export async function readState(
  run: RunFolder,
  weightsOf: (state: Uint8Array) => Uint8Array,
): Promise<Uint8Array | undefined> {
  const state = await bytesOrNothing(run.lastState);
  if (state === undefined) return undefined;
  const weights = weightsOf(state);
  const last = await bytesOrNothing(run.last);
  if (last === undefined || Buffer.compare(last, weights) !== 0) await writeFileAtomically(run.last, [weights]);
  return state;
}

async function bytesOrNothing(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw unreadable(path, error);
  }
}
