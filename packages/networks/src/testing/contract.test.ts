import { describe } from "vitest";

import { NETWORKS } from "../registry.js";
import { networkContract, type ContractNotes } from "./contract.js";

const BEFORE_NORM = "a bias before a norm, which subtracts it with the mean, does not";
const densenet: ContractNotes = {
  settling: 10,
  notLearned: {
    paths: /^stemNorm\.weight$/,
    because: "the scale of the stem's norm, which is divided out by the norm of every layer that sees it, does not",
  },
};

const NOTES: Readonly<Record<string, ContractNotes>> = {
  vnet: { notLearned: { paths: /^body\.up\.\d\.convolution\.bias$/, because: BEFORE_NORM } },
  zhou: { notLearned: { paths: /^body\.up\.\d\.convolution\.bias$/, because: BEFORE_NORM } },
  unet3d: { notLearned: { paths: /\.unit\.convolution\.bias$/, because: BEFORE_NORM } },
  unetpp3d: { notLearned: { paths: /\.unit\.convolution\.bias$/, because: BEFORE_NORM } },
  "attention-unet": {
    notLearned: {
      paths: /\.(?:convolution|up|merge)\.bias$|^decoder\.3\.gate\.score\.convolution\.weight$/,
      because: `${BEFORE_NORM}, nor the score's weight where a single positive channel goes in, which the norm divides out`,
    },
  },
  densenet121: densenet,
  "densenet121-2d": { settling: 10 },
  densenet201: densenet,
  "densenet201-2d": densenet,
  infnet: {
    notLearned: {
      paths: /^fields\.\d\.branches\.\d\.2\.norm\.bias$/,
      because: "a shift before a convolution that sees only its own pixel of so small a picture, and a norm, does not",
    },
  },
  medt: {
    notLearned: {
      // All but the first are about 1e-5 of the largest gradient, as the similarity norms hold them small.
      paths:
        /\.similarityNorm\.bias$|\.height\.outputNorm\.bias$|\.gates\.|\.norm\.weight$|^local\.stages\.3\.0\.(?:shortcut|widen)\.norm\.|similarityNorm\.weight$/,
      because: "a shift before softmax and the gates before norms, which divide them out, does not, or hardly",
    },
  },
  transunet: {
    notLearned: {
      paths: /\.key\.bias$/,
      because: "the bias of keys, which adds the same to all that softmax compares, does not",
    },
  },
  jcs: {
    notLearned: {
      paths: /^fusion\..*\.bias$|^decoder\.fuse\.\d\.(?:first|second)\.(?:squeeze|excite)\./,
      because: `${BEFORE_NORM}, nor an excitation whose one hidden unit starts below 0`,
    },
  },
};

describe.each(NETWORKS.flatMap((entry) => entry.tasks.map((task) => ({ entry, task, name: entry.name }))))(
  "$name for $task",
  ({ entry, task, name }) => {
    networkContract(entry, task, NOTES[name]);
  },
);
