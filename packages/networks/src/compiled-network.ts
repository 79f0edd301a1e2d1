import {
  compile,
  gradients,
  keepsGradients,
  mixesPrecision,
  scope,
  threads,
  withoutGradients,
  type Buffer,
  type Compiled,
  type Parameter,
  type Tensor,
} from "@multirnet/engine";

import { namedHeads, Network, type Pass, type Prediction, type Task } from "./network.js";
import { rebuilder, type Rebuild } from "./rebuild.js";

interface Made {
  readonly compiled: Compiled;
  readonly rebuild: Rebuild;
}

/** The same network, which runs in a faster way where there is one: see `CompiledNetwork`. */
export function compiled(network: Network): Network {
  return new CompiledNetwork(network);
}

/** A pass in training whose gradient is found in stretches. */
export interface StretchedPass {
  readonly prediction: Prediction; // its heads can be differentiated, up to themselves
  /**
   * @param total made of the prediction's heads
   * @param parameters in whose order the gradients come
   */
  readonly gradients: (total: Tensor, parameters: readonly Tensor[]) => (Tensor | undefined)[];
}

/**
 * A pass in training that keeps of its activations only those between stretches, and makes the rest anew on the way back.
 *
 * @returns nothing where the network is not compiled for it: then its own pass is to be taken
 */
export function passInStretches(network: Network, input: Tensor, pass: Pass, count: number): StretchedPass | undefined {
  return network instanceof CompiledNetwork ? network.inStretches(input, pass, count) : undefined;
}

/**
 * A network that is compiled for each size of input and kind of pass that it meets. Answers are those of the network to 2e-5 of their range, and gradients
 * as near to the exact ones; where nothing faster is known, and in mixed precision, they are the network's own. Weights are the network's: what changes there changes here.
 */
class CompiledNetwork extends Network {
  readonly task: Task;
  override readonly sees: Network["sees"];
  override readonly side: number | undefined;
  override readonly regionsJoin: Network["regionsJoin"];
  override readonly normalised: Network["normalised"];
  readonly #network: Network;
  readonly #made = new Map<string, Made | undefined>();

  constructor(network: Network) {
    super();
    this.task = network.task;
    this.sees = network.sees;
    this.side = network.side;
    this.regionsJoin = network.regionsJoin;
    this.normalised = network.normalised;
    this.#network = network;
  }

  override *members(prefix = ""): Generator<readonly [path: string, member: Parameter | Buffer]> {
    yield* this.#network.members(prefix);
  }

  forward(input: Tensor, pass: Pass): Prediction {
    const made = this.#madeFor(input, pass);
    if (made === undefined) return this.#network.forward(input, pass);
    return scope(() => made.rebuild(made.compiled.run([input], pass.random)));
  }

  /** As `passInStretches`. */
  inStretches(input: Tensor, pass: Pass, count: number): StretchedPass | undefined {
    const made = this.#madeFor(input, pass);
    if (made === undefined) return undefined;
    const run = made.compiled.runInStretches([input], count, pass.random);
    const heads = run.outputs.map((output) => output.detach().setRequiresGrad(true));
    return {
      prediction: made.rebuild(heads),
      gradients: (total, parameters) => run.gradients(gradients(total, heads), parameters),
    };
  }

  override release(): void {
    this.#forget(() => true);
    this.#network.release();
  }

  #madeFor(input: Tensor, pass: Pass): Made | undefined {
    this.#forget(({ compiled }) => compiled.stale());
    const { mode, passes, statistics, random } = pass;
    const differentiable = keepsGradients();
    const kind = [
      mode,
      passes,
      statistics,
      random.keys.length,
      differentiable,
      mixesPrecision(input.device),
      threads(),
    ];
    const key = JSON.stringify([input.shape, input.dtype, input.device, ...kind]);
    if (!this.#made.has(key)) this.#made.set(key, this.#make(input, pass, differentiable));
    return this.#made.get(key);
  }

  #forget(condemned: (made: Made) => boolean): void {
    for (const [key, made] of this.#made) {
      if (made === undefined || !condemned(made)) continue;
      made.compiled.release();
      this.#made.delete(key);
    }
  }

  #make(input: Tensor, pass: Pass, differentiable: boolean): Made | undefined {
    let rebuild: Rebuild | undefined;
    const compiled = this.#leavingState(pass, () =>
      compile(
        this.#network,
        [input],
        () => {
          const prediction = this.#network.forward(input, pass);
          rebuild = rebuilder(prediction);
          return [...namedHeads(prediction).values()];
        },
        { fold: !differentiable, randomKeys: pass.random.keys.length },
      ),
    );
    return compiled === undefined || rebuild === undefined ? undefined : { compiled, rebuild };
  }

  /** Runs `body` and brings the network's statistics back to what they were: in training, norms move them. */
  #leavingState<T>({ mode }: Pass, body: () => T): T {
    if (mode === "eval") return body();
    return scope(() =>
      withoutGradients(() => {
        const parameters = this.#network.parameters();
        const before = Array.from(this.#network.state())
          .filter(([path]) => !parameters.has(path))
          .map(([, tensor]) => [tensor, tensor.clone()] as const);
        const result = body();
        for (const [tensor, copy] of before) tensor.copyInPlace(copy);
        return result;
      }),
    );
  }
}
