import { CodedError } from "@multirnet/base";

export type NetworkProblem =
  | {
      readonly code: "NETWORK_UNKNOWN";
      readonly name: string;
      readonly known: readonly string[];
      readonly nearest: string | undefined;
    }
  | { readonly code: "NETWORK_OPTION"; readonly network: string; readonly key: string; readonly because: string }
  | { readonly code: "NETWORK_WEIGHTS"; readonly reference: string; readonly because: string }
  | { readonly code: "NETWORK_PART"; readonly part: string; readonly parts: readonly string[] }
  | { readonly code: "NETWORK_INPUT"; readonly network: string; readonly expected: string; readonly came: string };

/** A network that does not exist, cannot be made as asked, or cannot take what it is given. */
export class NetworkError extends CodedError<NetworkProblem> {
  readonly blame = "input";

  constructor(problem: NetworkProblem, options?: ErrorOptions) {
    super(problem, explain(problem), options);
  }
}

function explain(problem: NetworkProblem): string {
  switch (problem.code) {
    case "NETWORK_UNKNOWN":
      return (
        `there is no network ${problem.name}${problem.nearest === undefined ? "" : `; did you mean ${problem.nearest}?`}` +
        ` (known: ${problem.known.join(", ")})`
      );
    case "NETWORK_OPTION":
      return `network ${problem.network}: ${problem.key === "" ? "" : `${problem.key}: `}${problem.because}`;
    case "NETWORK_WEIGHTS":
      return `cannot take over these weights by the reference ${problem.reference}: ${problem.because}`;
    case "NETWORK_PART":
      return `the network has no part ${problem.part}; its first parts are ${problem.parts.join(", ")}`;
    case "NETWORK_INPUT":
      return `${problem.network} takes ${problem.expected}, but ${problem.came} came`;
  }
}
