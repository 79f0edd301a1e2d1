import { CodedError } from "@multirnet/base";

/** All the ways a file can fail to become a volume, or a volume fail to be what was asked. */
export type ImagingProblem = { readonly code: "IMAGING_FILE_EMPTY"; readonly path: string };

export class ImagingError extends CodedError<ImagingProblem> {
  constructor(problem: ImagingProblem, options?: ErrorOptions) {
    super(problem, explain(problem), options);
  }
}

function explain(problem: ImagingProblem): string {
  switch (problem.code) {
    case "IMAGING_FILE_EMPTY":
      return `${problem.path} is empty`;
  }
}
