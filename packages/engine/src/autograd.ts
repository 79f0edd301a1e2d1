import { opFailed } from "./errors.js";
import { Tensor } from "./generated/tensor.js";
import { native } from "./native.js";
import { track } from "./scope.js";
import { describeForMessage } from "./tensor-core.js";

/**
 * The gradients of `output` with respect to `inputs`, in their order. An input that took no part has none (undefined).
 *
 * @param output a scalar, or any shape: then its sum is differentiated
 * @param options `createGraph`: keep the graph, so that the gradients can be differentiated again
 */
export function gradients(
  output: Tensor,
  inputs: readonly Tensor[],
  options: { readonly createGraph?: boolean } = {},
): (Tensor | undefined)[] {
  const total = output.elements === 1 ? output : output.sum(undefined);
  try {
    return native()
      .gradients(
        [total.native],
        inputs.map((input) => input.native),
        options.createGraph ?? false,
      )
      .map((gradient) => (gradient === null ? undefined : track(new Tensor(gradient))));
  } catch (error) {
    throw opFailed("gradients", describeForMessage(output), error);
  }
}

/** Runs `body` without keeping what a backward pass would need. */
export function withoutGradients<T>(body: () => T): T {
  const before = native().gradMode(false);
  try {
    return body();
  } finally {
    native().gradMode(before);
  }
}

/** Whether what a backward pass would need is being kept. */
export function keepsGradients(): boolean {
  return native().gradMode();
}
