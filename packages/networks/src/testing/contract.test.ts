import { describe } from "vitest";

import { NETWORKS } from "../registry.js";
import { networkContract, type ContractNotes } from "./contract.js";

const BEFORE_NORM = "a bias before a norm, which subtracts it with the mean, does not";
const UP: ContractNotes = { notLearned: { paths: [/^body\.up\.\d\.convolution\.bias$/], because: BEFORE_NORM } };
const UNITS: ContractNotes = { notLearned: { paths: [/\.unit\.convolution\.bias$/], because: BEFORE_NORM } };
const DENSENET: ContractNotes = { settling: 10 };

const NOTES: Readonly<Record<string, ContractNotes>> = {
  vnet: UP,
  zhou: UP,
  unet3d: UNITS,
  unetpp3d: UNITS,
  unet2d: UNITS,
  unetpp2d: UNITS,
  "attention-unet": {
    notLearned: {
      paths: [
        /^encoder\.\d\.units\.\d\.unit\.convolution\.bias$/,
        /^decoder\.\d\.up\.bias$/,
        /^decoder\.\d\.gate\.ofGate\.convolution\.bias$/,
        /^decoder\.\d\.gate\.ofSkip\.convolution\.bias$/,
        /^decoder\.\d\.gate\.score\.convolution\.bias$/,
        /^decoder\.\d\.merge\.bias$/,
      ],
      because: BEFORE_NORM,
    },
  },
  densenet121: DENSENET,
  "densenet121-2d": DENSENET,
  densenet201: DENSENET,
  "densenet201-2d": DENSENET,
  infnet: {
    notLearned: {
      paths: [/^fields\.1\.branches\.3\.2\.norm\.bias$/, /^fields\.2\.branches\.[123]\.2\.norm\.bias$/],
      because:
        "a shift before a convolution so dilated that of so small a picture it sees but its own pixel, and a norm, does not",
    },
  },
  medt: {
    notLearned: {
      paths: [/\.similarityNorm\.bias$/, /\.height\.outputNorm\.bias$/],
      because: "a shift of all that softmax compares, or of what the next attention's norm subtracts, does not",
    },
  },
  transunet: {
    notLearned: {
      paths: [/^encoder\.layers\.\d\.attention\.key\.bias$/],
      because: "the bias of keys, which adds the same to all that softmax compares, does not",
    },
  },
  jcs: {
    notLearned: {
      paths: [
        /^fusion\.\d\.\d\.convolution\.bias$/,
        ...["0.second", "1.first", "2.second", "3.first", "3.second", "4.first", "4.second"].flatMap((place) =>
          ["squeeze\\.weight", "squeeze\\.bias", "excite\\.weight"].map(
            (path) => new RegExp(`^decoder\\.fuse\\.${place.replace(".", "\\.")}\\.${path}$`),
          ),
        ),
      ],
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
