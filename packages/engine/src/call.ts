import { messageOf } from "@multirnet/base";

import { EngineError, opFailed } from "./errors.js";
import { Generator } from "./generator.js";
import { native, type NativeResult, type NativeTensor } from "./native.js";
import {
  announceCall,
  currentLabel,
  currentRecording,
  currentWatch,
  type GeneratorFacts,
  type TensorFacts,
} from "./recorder.js";
import { track } from "./scope.js";
import { describeForMessage, TensorCore } from "./tensor-core.js";

/** What an operator takes. An absent argument takes the schema's default. */
export type Argument =
  TensorCore | Generator | number | boolean | string | undefined | readonly (TensorCore | number | boolean)[];

type TensorClass<T extends TensorCore> = new (tensor: NativeTensor) => T;

const operators = new Map<string, number>();

/**
 * The one call: every operator of the engine goes through here and nowhere else. It finds the operator, passes the arguments on,
 * hands new tensors to the scope, adds to the recording, and puts the operator's name and shapes into the error.
 *
 * @param as the class of the tensors that come out
 * @param op name and overload, as `aten::add.Tensor`
 * @throws EngineError ENGINE_OP_UNKNOWN, ENGINE_OP_FAILED
 */
export function call<T extends TensorCore>(as: TensorClass<T>, op: string, args: readonly Argument[]): Result<T>[] {
  const recording = currentRecording();
  const watch = currentWatch();
  if (watch !== undefined) for (const tensor of tensorsIn(args)) watch.input(tensor);
  if (recording !== undefined) announceCall("before");
  const start = recording === undefined ? 0 : performance.now();
  const operator = operatorOf(op);
  let results: NativeResult[];
  try {
    const size = watch?.sizeOnly?.(op, args);
    results =
      size === undefined
        ? native().call(operator, args.map(toNative))
        : native().call(operatorOf("aten::zeros"), [size, undefined, undefined, undefined]);
  } catch (error) {
    throw opFailed(op, tensorsIn(args).map(describeForMessage).join(", "), error);
  }
  if (recording !== undefined) announceCall("after");
  const outputs = results.map((result) => wrap(as, result));
  if (watch !== undefined) for (const tensor of tensorsIn(outputs)) watch.output(tensor);
  recording?.push({
    op,
    module: currentLabel(),
    args: args.map(withoutTensors),
    inputs: tensorsIn(args).map(facts),
    outputs: tensorsIn(outputs).map(facts),
    milliseconds: performance.now() - start,
  });
  return outputs;
}

type Result<T> = T | T[] | number | boolean | undefined;

function operatorOf(op: string): number {
  const known = operators.get(op);
  if (known !== undefined) return known;
  const [name = "", overload = ""] = op.split(".");
  try {
    const operator = native().lookup(name, overload);
    operators.set(op, operator);
    return operator;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const because = messageOf(error).split("\n")[0] ?? "";
    throw new EngineError({ code: "ENGINE_OP_UNKNOWN", op, because }, { cause: error });
  }
}

function toNative(argument: Argument): unknown {
  if (argument instanceof TensorCore || argument instanceof Generator) return argument.native;
  if (Array.isArray(argument)) return argument.map((item: TensorCore | number | boolean) => toNative(item));
  return argument;
}

function wrap<T extends TensorCore>(as: TensorClass<T>, result: NativeResult): Result<T> {
  if (result === null) return undefined;
  if (typeof result !== "object") return result;
  if (isList(result)) return result.map((tensor) => track(new as(tensor)));
  return track(new as(result));
}

function isList(result: NativeTensor | readonly NativeTensor[]): result is readonly NativeTensor[] {
  return Array.isArray(result);
}

function tensorsIn(values: readonly unknown[]): TensorCore[] {
  return values.flat().filter((value) => value instanceof TensorCore);
}

function facts({ id, shape, dtype }: TensorCore): TensorFacts {
  return { id, shape, dtype };
}

function withoutTensors(argument: Argument): unknown {
  if (argument instanceof TensorCore) return facts(argument);
  if (argument instanceof Generator) return { keys: argument.keys } satisfies GeneratorFacts;
  return Array.isArray(argument)
    ? argument.map((item: TensorCore | number | boolean) => withoutTensors(item))
    : argument;
}
