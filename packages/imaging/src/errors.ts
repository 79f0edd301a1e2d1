import { CodedError } from "@multirnet/base";

import type { Xyz } from "./volume.js";

/** All the ways a file can fail to become a volume, or a volume fail to be what was asked. */
export type ImagingProblem =
  | { readonly code: "IMAGING_FILE_EMPTY"; readonly path: string }
  | { readonly code: "IMAGING_PHANTOM_SIZE"; readonly size: Xyz; readonly least: number; readonly most: number };

export class ImagingError extends CodedError<ImagingProblem> {
  constructor(problem: ImagingProblem, options?: ErrorOptions) {
    super(problem, explain(problem), options);
  }
}

function explain(problem: ImagingProblem): string {
  switch (problem.code) {
    case "IMAGING_FILE_EMPTY":
      return `${problem.path} is empty`;
    case "IMAGING_PHANTOM_SIZE": {
      const { x, y, z } = problem.size;
      return `a phantom's size must be whole numbers from ${problem.least} to ${problem.most} along x, y and z, but came as ${x},${y},${z}`;
    }
  }
}
