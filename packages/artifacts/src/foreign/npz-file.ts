import { ArtifactError } from "../errors.js";
import { zipEntries } from "../zip.js";
import { BYTES, gathered, type RawTensor, type RawType } from "./raw-tensor.js";

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

/**
 * The arrays of a `.npz`, a zip of `.npy` files (NumPy, NEP 1): by name, in their own order.
 *
 * @param path only for the words of errors
 * @throws ArtifactError NPZ_DAMAGED, ZIP_DAMAGED, ZIP_UNSAFE_NAME
 */
export async function readNpzFile(file: Uint8Array, path: string): Promise<Map<string, RawTensor>> {
  const tensors = new Map<string, RawTensor>();
  for (const { name, read } of await zipEntries(file, path, "lenient")) {
    if (!name.endsWith(".npy")) continue;
    tensors.set(
      name.slice(0, -".npy".length),
      readNpy(
        await read(),
        (because) => new ArtifactError({ code: "NPZ_DAMAGED", path, because: `${name}: ${because}` }),
      ),
    );
  }
  if (tensors.size === 0) throw new ArtifactError({ code: "NPZ_DAMAGED", path, because: "it holds no arrays" });
  return tensors;
}

/** One array: a mark, a version, the length of the header, the header (a Python dictionary as text), the elements. */
function readNpy(file: Uint8Array, refuse: (because: string) => ArtifactError): RawTensor {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const mark = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
  if (file.length < 12 || mark.some((byte, index) => file[index] !== byte)) throw refuse("it is no array of NumPy");
  const wide = (file[6] ?? 1) > 1;
  const start = (wide ? 12 : 10) + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start > file.length) throw refuse("its header was cut short");
  const header = new TextDecoder("latin1").decode(file.subarray(wide ? 12 : 10, start));
  const description = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "";
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const sides = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  const dtype = DESCRIPTIONS.get(description);
  if (dtype === undefined) throw refuse(`its elements are ${description === "" ? "not described" : description}`);
  if (order === undefined || sides === undefined) throw refuse("its header names no shape or order");
  const shape = sides
    .split(",")
    .map((side) => side.trim())
    .filter((side) => side !== "")
    .map(Number);
  const strides = stridesOf(shape, order === "True");
  const tensor = gathered(file.subarray(start), { dtype, shape, strides, offset: 0 });
  if (tensor === undefined) {
    const wanted = shape.reduce((product, side) => product * side, BYTES[dtype]);
    throw refuse(`it should hold ${String(wanted)} bytes and holds ${String(file.length - start)}`);
  }
  return tensor;
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
