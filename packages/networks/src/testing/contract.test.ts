import { describe } from "vitest";

import { NETWORKS } from "../registry.js";
import { networkContract, type ContractNotes } from "./contract.js";

const NOTES: Readonly<Record<string, ContractNotes>> = {
  vnet: {
    notLearned: {
      paths: /^up\.\d\.convolution\.bias$/,
      because: "a bias before a batch norm, which subtracts it with the mean, does not",
    },
  },
};

describe.each(NETWORKS.flatMap((entry) => entry.tasks.map((task) => ({ entry, task, name: entry.name }))))(
  "$name for $task",
  ({ entry, task, name }) => {
    networkContract(entry, task, NOTES[name]);
  },
);
