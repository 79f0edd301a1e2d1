/** Prints how a compiled network's answer and gradient lie to the network's own, on the processor that oneDNN is told there is. */
import { RandomSource } from "@multirnet/base";
import { aboutEngine, gradients, scope, tensorFrom, withoutGradients, type Tensor } from "@multirnet/engine";
import { compiled, createNetwork, lesionOf, resolveNetwork, type Network } from "@multirnet/networks";

const network = createNetwork(resolveNetwork({ name: "multirnet", preset: "small", task: "segmentation" }), 7);
const faster = compiled(network);
const size = [2, 1, 16, 32, 48];
const random = new RandomSource("scan");
const scan = tensorFrom(
  Float32Array.from({ length: size.reduce((a, b) => a * b) }, () => random.uniform()),
  size,
);
const pass = { mode: "eval", random: new RandomSource("none") } as const;

function lesion(of: Network): Tensor {
  return lesionOf(of.forward(scan, pass)) as Tensor;
}

function gradient(of: Network): Tensor {
  const [found] = gradients(lesion(of), [
    network.parameters().get("segmentation.first.last.convolution.weight") as Tensor,
  ]);
  return found as Tensor;
}

function apart(found: Tensor, truth: Tensor): number {
  return found.sub(truth).abs().amax().item() / truth.abs().amax().item();
}

const answer = scope(() => withoutGradients(() => apart(lesion(faster), lesion(network))));
const learned = scope(() => apart(gradient(faster), gradient(network)));
process.stdout.write(JSON.stringify({ block: aboutEngine().block, answer, learned }));
