import { CodedError } from "@multirnet/base";

import { faultWords, type Fault } from "./checked.js";

/** All the ways a run or a model can fail to be read or written. */
export type ArtifactProblem =
  | { readonly code: "MODEL_ABSENT"; readonly path: string }
  | { readonly code: "MODEL_UNKNOWN_KIND"; readonly path: string; readonly came: string }
  | { readonly code: "MODEL_WITHOUT_CARD"; readonly path: string; readonly kind: "run" | "bundle" | "zip" }
  | { readonly code: "MODEL_WITHOUT_WEIGHTS"; readonly path: string; readonly expected: readonly string[] }
  | { readonly code: "CARD_NOT_JSON"; readonly path: string; readonly because: string }
  | { readonly code: "CARD_INVALID"; readonly path: string; readonly fault: Fault }
  | { readonly code: "ZIP_DAMAGED"; readonly path: string; readonly because: string }
  | {
      readonly code: "ZIP_TOO_LARGE";
      readonly path: string;
      readonly bytes: number; // unpacked
      readonly archive: number; // bytes of the zip itself
      readonly most: number;
    }
  | { readonly code: "ZIP_UNSAFE_NAME"; readonly path: string; readonly entry: string }
  | { readonly code: "ZIP_AMBIGUOUS"; readonly path: string; readonly entries: readonly string[] }
  | { readonly code: "TORCH_FILE_DAMAGED"; readonly path: string; readonly because: string }
  | { readonly code: "TORCH_FILE_FORBIDDEN"; readonly path: string; readonly name: string }
  | { readonly code: "TORCH_FILE_NO_TENSORS"; readonly path: string; readonly holds: string }
  | { readonly code: "NPZ_DAMAGED"; readonly path: string; readonly because: string }
  | { readonly code: "BUNDLE_FOLDER_TAKEN"; readonly path: string; readonly holds: string }
  | { readonly code: "RUN_FOLDER_TAKEN"; readonly path: string; readonly holds: string }
  | { readonly code: "RUN_ABSENT"; readonly path: string }
  | { readonly code: "RUN_OF_FOLDS"; readonly path: string; readonly folds: readonly number[] }
  | { readonly code: "RUN_BUSY"; readonly path: string }
  | { readonly code: "FOLDS_INVALID"; readonly path: string; readonly because: string }
  | { readonly code: "LOG_TOO_SHORT"; readonly path: string; readonly lines: number; readonly keepLines: number }
  | { readonly code: "LOG_DAMAGED"; readonly path: string; readonly line: number }
  | { readonly code: "NOT_FINITE"; readonly path: string; readonly key: string; readonly value: number }
  | { readonly code: "ARTIFACT_UNREADABLE"; readonly path: string; readonly because: string };

export class ArtifactError extends CodedError<ArtifactProblem> {
  readonly blame = this.problem.code === "NOT_FINITE" ? "work" : "input"; // what is read comes from outside, what is written from us

  constructor(problem: ArtifactProblem, options?: ErrorOptions) {
    super(problem, explain(problem), options);
  }
}

function explain(problem: ArtifactProblem): string {
  switch (problem.code) {
    case "MODEL_ABSENT":
      return `no model at ${problem.path}: expected a run folder, a bundle folder or a zip of a bundle, but nothing is there`;
    case "MODEL_UNKNOWN_KIND":
      return (
        `${problem.path} is no model: expected a run folder (with checkpoints/), a bundle folder (with model.json and ` +
        `model.safetensors) or a zip of a bundle, came ${problem.came}`
      );
    case "MODEL_WITHOUT_CARD":
      return `the ${problem.kind} ${problem.path} has no model.json, so what its weights are is not known${hint(problem.kind)}`;
    case "MODEL_WITHOUT_WEIGHTS":
      return `${problem.path} has no weights: expected ${problem.expected.join(" or ")}`;
    case "CARD_NOT_JSON":
      return `${problem.path} is not JSON: ${problem.because}`;
    case "CARD_INVALID":
      return `${problem.path}: ${faultWords(problem.fault)}`;
    case "ZIP_DAMAGED":
      return `the zip ${problem.path} is damaged: ${problem.because}`;
    case "ZIP_TOO_LARGE":
      return (
        `the zip ${problem.path} is refused: it would unpack to ${problem.bytes} bytes, and one of ${problem.archive} bytes ` +
        `may to ${problem.most} at most`
      );
    case "ZIP_UNSAFE_NAME":
      return `the zip ${problem.path} is refused: the name ${JSON.stringify(problem.entry)} in it leads out of the archive`;
    case "ZIP_AMBIGUOUS":
      return `the zip ${problem.path} holds more than one model: ${problem.entries.join(", ")}; expected one`;
    case "TORCH_FILE_DAMAGED":
      return `cannot read the PyTorch file ${problem.path}: ${problem.because}`;
    case "TORCH_FILE_FORBIDDEN":
      return (
        `${problem.path} is refused: its pickle names ${problem.name}, which is no part of a state dict. Nothing of it was run; ` +
        `save the state dict alone: torch.save(model.state_dict(), …)`
      );
    case "TORCH_FILE_NO_TENSORS":
      return `${problem.path} holds no state dict: expected a dictionary of tensors, came ${problem.holds}`;
    case "NPZ_DAMAGED":
      return `cannot read the NumPy archive ${problem.path}: ${problem.because}`;
    case "BUNDLE_FOLDER_TAKEN":
      return `${problem.path} holds ${problem.holds}, which is no part of a model bundle; choose an empty or a new folder`;
    case "RUN_FOLDER_TAKEN":
      return `${problem.path} holds ${problem.holds} already; choose a new folder, or go on with the run in it by --resume`;
    case "RUN_ABSENT":
      return `${problem.path} is no run folder: expected config.yaml in it`;
    case "RUN_OF_FOLDS":
      return `${problem.path} is a cross validation; name one of its runs: fold-${problem.folds.join(", fold-")}`;
    case "RUN_BUSY":
      return `${problem.path} is being trained by another process; wait until it ends, or stop it`;
    case "FOLDS_INVALID":
      return `${problem.path} does not say which folds there are: ${problem.because}`;
    case "LOG_TOO_SHORT":
      return (
        `${problem.path} has ${problem.lines} whole lines, but the checkpoint was made after ${problem.keepLines}: ` +
        `the log was cut or belongs to another run`
      );
    case "LOG_DAMAGED":
      return `line ${String(problem.line)} of ${problem.path} is not JSON`;
    case "NOT_FINITE":
      return `cannot write ${problem.path}: key ${problem.key} is ${problem.value}, which JSON has no word for`;
    case "ARTIFACT_UNREADABLE":
      return `cannot read ${problem.path}: ${problem.because}`;
  }
}

function hint(kind: "run" | "bundle" | "zip"): string {
  return kind === "bundle" ? "; the export into it was not finished: export it again" : "";
}
