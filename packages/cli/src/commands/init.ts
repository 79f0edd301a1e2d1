import { writeFileAtomically } from "@multirnet/base/node";
import { createNetwork, encodeWeights } from "@multirnet/networks";
import { z } from "zod";

import { command } from "../command.js";
import { countedText } from "../count-text.js";
import { networkFrom } from "../network-file.js";
import { whole } from "../options.js";

export const init = command({
  name: "init",
  summary: "Fresh weights of a network, the same for the same seed.",
  args: [],
  options: {
    network: { value: "n", says: "its name, as `networks` lists it" },
    config: { value: "f", says: "YAML of its options, or a training config" },
    seed: { value: "s", says: "whole number; default 0" },
    output: { value: "w", says: "safetensors file to write" },
  },
  input: z.strictObject({
    network: z.string(),
    config: z.string().optional(),
    seed: whole(0).default(0),
    output: z.string(),
  }),
  async run({ network: name, config, seed, output }) {
    const network = createNetwork(await networkFrom(name, config), seed);
    const parameters = [...network.parameters().values()].reduce((sum, { elements }) => sum + elements, 0);
    const tensors = network.state().size;
    await writeFileAtomically(output, [encodeWeights(network)]);
    network.release();
    return {
      json: { parameters, tensors },
      text: `${output}: ${countedText(tensors, "tensor")}, ${countedText(parameters, "parameter")}`,
    };
  },
});
