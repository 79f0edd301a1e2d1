/** Numbers in row-major order with their shape. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

type Triple = readonly [number, number, number];

export interface NaiveWindow {
  readonly stride: Triple;
  readonly padding: Triple;
  readonly dilation: Triple;
  readonly groups: number;
}

/** The definition of 3-D cross-correlation as seven loops, slow and plain: what the engine's is held against. */
export function naiveConv3d(input: Numbers, weight: Numbers, window: NaiveWindow): Numbers {
  const { stride, padding, dilation, groups } = window;
  const [n = 0, channels = 0, ...size] = input.shape;
  const [outChannels = 0, perGroup = 0, ...kernel] = weight.shape;
  const outSize = [0, 1, 2].map((axis) => {
    const reach = at(dilation, axis) * (at(kernel, axis) - 1) + 1;
    return Math.floor((at(size, axis) + 2 * at(padding, axis) - reach) / at(stride, axis)) + 1;
  });
  const shape = [n, outChannels, ...outSize];
  const values = new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0);
  eachIndex([...shape, perGroup, ...kernel], ([b = 0, o = 0, z = 0, y = 0, x = 0, i = 0, ...tap]) => {
    const from = [z, y, x].map(
      (out, axis) => out * at(stride, axis) - at(padding, axis) + at(tap, axis) * at(dilation, axis),
    );
    if (from.some((place, axis) => place < 0 || place >= at(size, axis))) return;
    const channel = Math.floor(o / (outChannels / groups)) * (channels / groups) + i;
    const target = offset(shape, [b, o, z, y, x]);
    values[target] =
      at(values, target) +
      at(input.values, offset(input.shape, [b, channel, ...from])) *
        at(weight.values, offset(weight.shape, [o, i, ...tap]));
  });
  return { shape, values };
}

/** The definition of the transposed one: every input element adds its multiple of the kernel to the output. */
export function naiveConvTranspose3d(
  input: Numbers,
  weight: Numbers,
  window: NaiveWindow & { readonly outputPadding: Triple },
): Numbers {
  const { stride, padding, dilation, groups, outputPadding } = window;
  const [n = 0, channels = 0, ...size] = input.shape;
  const [, perGroup = 0, ...kernel] = weight.shape;
  const outSize = [0, 1, 2].map(
    (axis) =>
      (at(size, axis) - 1) * at(stride, axis) -
      2 * at(padding, axis) +
      at(dilation, axis) * (at(kernel, axis) - 1) +
      at(outputPadding, axis) +
      1,
  );
  const shape = [n, perGroup * groups, ...outSize];
  const values = new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0);
  eachIndex([...input.shape, perGroup, ...kernel], ([b = 0, i = 0, z = 0, y = 0, x = 0, o = 0, ...tap]) => {
    const to = [z, y, x].map(
      (from, axis) => from * at(stride, axis) - at(padding, axis) + at(tap, axis) * at(dilation, axis),
    );
    if (to.some((place, axis) => place < 0 || place >= at(outSize, axis))) return;
    const channel = Math.floor(i / (channels / groups)) * perGroup + o;
    const target = offset(shape, [b, channel, ...to]);
    values[target] =
      at(values, target) +
      at(input.values, offset(input.shape, [b, i, z, y, x])) * at(weight.values, offset(weight.shape, [i, o, ...tap]));
  });
  return { shape, values };
}

function eachIndex(
  shape: readonly number[],
  body: (index: readonly number[]) => void,
  before: readonly number[] = [],
): void {
  const [side, ...rest] = shape;
  if (side === undefined) body(before);
  else for (let i = 0; i < side; i++) eachIndex(rest, body, [...before, i]);
}

function offset(shape: readonly number[], index: readonly number[]): number {
  return shape.reduce((sum, side, axis) => sum * side + at(index, axis), 0);
}

function at(list: readonly number[], index: number): number {
  return list[index] ?? NaN;
}
