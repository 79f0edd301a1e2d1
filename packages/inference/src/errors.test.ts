import { expect, test } from "vitest";

import { InferenceError, type InferenceProblem } from "./errors.js";

test.each<[InferenceProblem, string, InferenceError["blame"]]>([
  [{ code: "INFERENCE_ABORTED", done: 4, windows: 90 }, "stopped after 4 of 90 windows", "stop"],
  [
    { code: "INFERENCE_NOT_FINITE", what: "a diagnosis" },
    "the network gave a diagnosis that is not a number: its weights are damaged, or it does not know such a scan",
    "work",
  ],
  [
    { code: "INFERENCE_ONE_PASS", network: "vnet", passes: 2 },
    "vnet does not look at its own map again, but 2 extra passes were asked for",
    "input",
  ],
  [
    {
      code: "INFERENCE_CARD_UNLIKE",
      path: "models/m",
      what: "lesion types",
      card: [],
      network: ["ground-glass", "consolidation"],
    },
    "the card of models/m is not its network's: it names none as lesion types, the network has ground-glass, consolidation",
    "input",
  ],
])("$code in words", (problem, words, blame) => {
  const error = new InferenceError(problem);
  expect(error).toMatchObject({ name: "InferenceError", code: problem.code, problem, message: words, blame });
});
