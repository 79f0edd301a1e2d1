import { ArtifactError } from "../errors.js";
import { shown } from "../shown.js";
import { zipEntries } from "../zip.js";
import { BYTES, elementsIn, gathered, type RawTensor, type RawType } from "./raw-tensor.js";

/** NumPy's words for element types, least byte first (or a single byte). */
const DESCRIPTIONS: ReadonlyMap<string, RawType> = new Map<string, RawType>([
  ["|u1", "uint8"],
  ["|i1", "int8"],
  ["<i2", "int16"],
  ["<i4", "int32"],
  ["<i8", "int64"],
  ["<f2", "float16"],
  ["<f4", "float32"],
  ["<f8", "float64"],
  ["|b1", "bool"],
]);

/** `\x93NUMPY` */
const MARK = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** As NumPy's own reader has it: what three facts need, a hundred times. */
const MOST_HEADER_BYTES = 10_000;

type Refuse = (because: string) => ArtifactError;

/**
 * The arrays of a `.npz`, a zip of `.npy` files (NumPy, NEP 1): by name, in their own order.
 *
 * @param path only for the words of errors
 * @throws ArtifactError NPZ_DAMAGED, ZIP_DAMAGED, ZIP_TOO_LARGE, ZIP_UNSAFE_NAME
 */
export async function readNpzFile(file: Uint8Array, path: string): Promise<Map<string, RawTensor>> {
  const tensors = new Map<string, RawTensor>();
  for (const { name, read } of await zipEntries(file, path, "lenient")) {
    if (!name.endsWith(".npy")) continue;
    const refuse: Refuse = (because) =>
      new ArtifactError({ code: "NPZ_DAMAGED", path, because: `${shown(name)}: ${because}` });
    tensors.set(name.slice(0, -".npy".length), readNpy(await read(), refuse));
  }
  if (tensors.size === 0) throw new ArtifactError({ code: "NPZ_DAMAGED", path, because: "it holds no arrays" });
  return tensors;
}

/** One array: a mark, a version, the length of the header, the header, the elements. */
function readNpy(file: Uint8Array, refuse: Refuse): RawTensor {
  if (file.length < 12 || MARK.some((byte, index) => file[index] !== byte)) throw refuse("it is no array of NumPy");
  const version = file[6] ?? 0;
  if (version < 1 || version > 3) throw refuse(`its format has the version ${String(version)}; expected 1, 2 or 3`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MOST_HEADER_BYTES)
    throw refuse(`its header has ${String(length)} bytes; expected ${String(MOST_HEADER_BYTES)} at most`);
  if (start + length > file.length) throw refuse("its header was cut short");
  const header = new TextDecoder("latin1").decode(file.subarray(start, start + length));
  const { dtype, shape, fortran, elements } = readHeader(header, refuse);
  const bytes = file.subarray(start + length);
  const wanted = elements * BYTES[dtype];
  const tensor =
    wanted === bytes.length
      ? gathered(bytes, { dtype, shape, strides: stridesOf(shape, fortran), offset: 0 })
      : undefined;
  if (tensor === undefined) throw refuse(`it should hold ${String(wanted)} bytes and holds ${String(bytes.length)}`);
  return tensor;
}

interface Header {
  readonly dtype: RawType;
  readonly shape: readonly number[];
  readonly fortran: boolean; // whether the first axis runs fastest
  readonly elements: number;
}

/** A Python dictionary as text, of three facts in any order: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`. */
function readHeader(text: string, refuse: Refuse): Header {
  const dense = text.replaceAll(/\s/g, "");
  const found = [...dense.matchAll(/'(descr|fortran_order|shape)':('[^']*'|True|False|\([^()]*\)|\[.*\]),?/g)];
  const facts = new Map(found.map(([, name, value = ""]) => [name, value]));
  const order = facts.get("fortran_order");
  const description = facts.get("descr");
  const sides = facts.get("shape");
  const whole = `{${found.map(([fact]) => fact).join("")}}` === dense; // nothing stands between or beside them
  if (!whole || found.length !== 3 || order === undefined || description === undefined || sides === undefined)
    throw refuse(`its header is ${shown(dense)}; expected descr, fortran_order and shape`);
  const type = description.replaceAll("'", "");
  const dtype = DESCRIPTIONS.get(type);
  if (dtype === undefined)
    throw refuse(`its elements are ${shown(type)}; expected one of ${[...DESCRIPTIONS.keys()].join(", ")}`);
  if (order !== "True" && order !== "False") throw refuse(`its order is ${shown(order)}; expected True or False`);
  const shape = /^\(([0-9]+,)*[0-9]*\)$/.test(sides)
    ? sides
        .slice(1, -1)
        .split(",")
        .filter((side) => side !== "")
        .map(Number)
    : undefined;
  const elements = shape === undefined ? undefined : elementsIn(shape);
  if (shape === undefined || elements === undefined) throw refuse(`no array has the shape ${shown(sides)}`);
  return { dtype, shape, fortran: order === "True", elements };
}

/** How many elements apart neighbours along each axis lie: the last axis runs fastest, or in Fortran's order the first. */
function stridesOf(shape: readonly number[], fortran: boolean): number[] {
  const axes = shape.map((_, axis) => axis);
  const strides = shape.map(() => 1);
  let product = 1;
  for (const axis of fortran ? axes : axes.toReversed()) {
    strides[axis] = product;
    product *= shape[axis] ?? 0;
  }
  return strides;
}
