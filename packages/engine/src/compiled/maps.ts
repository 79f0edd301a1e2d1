import type { CallRecord, TensorFacts } from "../recorder.js";
import { isFacts, perAxis } from "./graph.js";
import type { Layouts } from "./layouts.js";
import type { Slot } from "./program.js";

const FEW = 4; // channels of a map

/** A transposed convolution, each channel by itself, whose kernel is its stride: every element becomes a copy of the kernel. */
export function spreadMap({ args, inputs, outputs }: CallRecord, layouts: Layouts): boolean {
  const [input, weight] = inputs as readonly [TensorFacts, TensorFacts];
  const [, , , stride, padding, outputPadding, groups, dilation] = args;
  const [samples = 0, channels = 0, ...space] = input.shape;
  const kernel = weight.shape.slice(2);
  const are = (value: unknown, otherwise: number, wanted: number | readonly number[]): boolean =>
    perAxis(value, kernel.length, otherwise).every(
      (side, axis) => side === (typeof wanted === "number" ? wanted : wanted[axis]),
    );
  const apart = are(stride, 1, kernel) && are(padding, 0, 0) && are(outputPadding, 0, 0) && are(dilation, 1, 1);
  const alone = weight.shape[1] === 1 && (groups ?? 1) === channels;
  if (input.dtype !== "float32" || channels > FEW || layouts.hasBlocked(input) || !alone || !apart) return false;
  const emit = (op: string, ...values: (Slot | readonly number[])[]): Slot => layouts.emit(op, values)[0] as Slot;
  const places = space.flatMap((side) => [side, 1]);
  const copies = kernel.flatMap((side) => [1, side]);
  const elements = emit("aten::reshape", layouts.plain(input), [samples, channels, ...places]);
  const kernels = emit("aten::reshape", layouts.plain(weight), [1, channels, ...copies]);
  let spread = emit("aten::mul.Tensor", elements, kernels);
  if (isFacts(args[2])) {
    const bias = emit("aten::reshape", layouts.plain(args[2]), [1, channels, ...copies.map(() => 1)]);
    spread = emit("aten::add.Tensor", spread, bias);
  }
  const output = outputs[0] as TensorFacts;
  layouts.setPlain(output, emit("aten::reshape", spread, output.shape));
  return true;
}
