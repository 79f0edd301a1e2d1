import { tensorFrom, withoutGradients, type Module } from "@multirnet/engine";

/** Sets some tensors of a module's state by path: all elements to one number, or each to its own. */
export function setWeights(module: Module, given: Readonly<Record<string, number | readonly number[]>>): void {
  const state = module.state();
  for (const [path, values] of Object.entries(given)) {
    const held = state.get(path);
    if (held === undefined) throw new Error(`there is no ${path} in ${[...state.keys()].join(", ")}`);
    const numbers =
      typeof values === "number" ? new Float32Array(held.elements).fill(values) : Float32Array.from(values);
    withoutGradients(() => held.copyInPlace(tensorFrom(numbers, held.shape)));
  }
}

/** Makes every convolution of a module pass each channel on (with what lies in the kernel's middle) and every batch norm do nothing in evaluation. */
export function setToIdentity(module: Module): void {
  for (const [path, { shape }] of module.state()) {
    if (shape.length === 5) setWeights(module, { [path]: identityKernel(shape) });
    if (path.endsWith("runningVar")) setWeights(module, { [path]: 1 - 1e-5 }); // the norm adds 1e-5 and takes the root
  }
}

function identityKernel([to = 1, from = 1, ...sides]: readonly number[]): number[] {
  const volume = sides.reduce((product, side) => product * side, 1);
  const middle = sides.reduce((place, side) => place * side + Math.floor((side - 1) / 2), 0);
  return Array.from({ length: to * from * volume }, (_, place) => {
    const output = Math.floor(place / volume / from);
    const input = Math.floor(place / volume) % from;
    return output === input && place % volume === middle ? 1 : 0;
  });
}
