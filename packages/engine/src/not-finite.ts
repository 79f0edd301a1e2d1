import { record, watched } from "./recorder.js";
import { scope } from "./scope.js";
import { TensorCore } from "./tensor-core.js";

/** Where among operators something happened. */
export interface CallPlace {
  readonly op: string; // aten::conv3d
  readonly module: string; // as `labelled` named it; empty outside
}

/**
 * Runs `body` and finds the first operator that gives a number which is none, or infinite. Each result is read, so this is for a fault that has happened,
 * not for every step.
 *
 * @returns undefined where all are finite
 */
export function firstNotFinite(body: () => unknown): CallPlace | undefined {
  let found: number | undefined;
  let looking = false;
  const watch = {
    input: () => undefined,
    read: () => undefined,
    output: (tensor: unknown) => {
      if (found !== undefined || looking || !(tensor instanceof TensorCore)) return;
      looking = true; // what is called to look is not looked at
      try {
        if (!isFinite(tensor)) found = tensor.id;
      } finally {
        looking = false;
      }
    },
  };
  const { calls } = watched(watch, () => record(() => scope(() => void body())));
  const call = calls.find(({ outputs }) => outputs.some(({ id }) => id === found));
  return call === undefined ? undefined : { op: call.op, module: call.module };
}

/** The bits of an exponent that is all ones: infinite, or no number. */
const EXPONENTS = { bfloat16: 0x7f80, float16: 0x7c00 } as const;

function isFinite(tensor: TensorCore): boolean {
  const { dtype } = tensor;
  if (dtype === "float32" || dtype === "float64") return tensor.toNumbers().every(Number.isFinite);
  if (dtype !== "bfloat16" && dtype !== "float16") return true;
  const exponent = EXPONENTS[dtype];
  return (tensor.toArray() as Uint16Array).every((bits) => (bits & exponent) !== exponent);
}
