import { EngineError } from "./errors.js";

/** The element types that the engine passes on, with libtorch's codes (c10/core/ScalarType.h) and bytes an element. */
const DTYPES = {
  uint8: { code: 0, bytes: 1 },
  int8: { code: 1, bytes: 1 },
  int16: { code: 2, bytes: 2 },
  int32: { code: 3, bytes: 4 },
  int64: { code: 4, bytes: 8 },
  float16: { code: 5, bytes: 2 },
  float32: { code: 6, bytes: 4 },
  float64: { code: 7, bytes: 8 },
  bool: { code: 11, bytes: 1 },
  bfloat16: { code: 15, bytes: 2 },
} as const;

export type DType = keyof typeof DTYPES;

const NAMES = new Map<number, DType>(Object.entries(DTYPES).map(([name, { code }]) => [code, name as DType]));

/** libtorch's number for a type; an absent one stays absent. @throws EngineError ENGINE_ARGUMENT for a name that is none */
export function dtypeCode<T extends DType | undefined>(dtype: T): T extends undefined ? undefined : number;
export function dtypeCode(dtype: unknown): number | undefined {
  if (dtype === undefined) return undefined;
  if (typeof dtype === "string" && Object.hasOwn(DTYPES, dtype)) return DTYPES[dtype as DType].code;
  const expected = `one of ${Object.keys(DTYPES).join(", ")}`;
  const came = typeof dtype === "string" ? dtype : dtype === null ? "null" : `a ${typeof dtype}`;
  throw new EngineError({ code: "ENGINE_ARGUMENT", where: "dtype", expected, came });
}

/** @throws EngineError ENGINE_ARGUMENT for a type of libtorch that is not passed on, such as complex numbers */
export function dtypeOf(code: number): DType {
  const name = NAMES.get(code);
  if (name !== undefined) return name;
  const came = `libtorch's element type ${String(code)}`;
  throw new EngineError({ code: "ENGINE_ARGUMENT", where: "dtype", expected: "a type that is known here", came });
}

export function bytesPerElement(dtype: DType): number {
  return DTYPES[dtype].bytes;
}
