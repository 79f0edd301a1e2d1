import { ArtifactError } from "../errors.js";
import { looksLikeZip, zipEntries, type ZipEntry } from "../zip.js";
import { PickleFault, unpickle, type PickleGlobals } from "./pickle.js";
import { BYTES, gathered, type RawTensor, type RawType } from "./raw-tensor.js";

/** The storages of PyTorch, by the class that a pickle names. */
const STORAGES: ReadonlyMap<string, RawType> = new Map<string, RawType>([
  ["ByteStorage", "uint8"],
  ["CharStorage", "int8"],
  ["ShortStorage", "int16"],
  ["IntStorage", "int32"],
  ["LongStorage", "int64"],
  ["HalfStorage", "float16"],
  ["FloatStorage", "float32"],
  ["DoubleStorage", "float64"],
  ["BoolStorage", "bool"],
  ["BFloat16Storage", "bfloat16"],
]);

/** `torch.serialization.MAGIC_NUMBER`, with which the older format begins. */
const MAGIC = 0x1950a86a20f9469cfc6cn;

/** A piece of memory that tensors are views of; its bytes lie outside the pickle. */
class Storage {
  readonly dtype: RawType;
  readonly key: string;
  readonly elements: number;

  constructor(dtype: RawType, key: string, elements: number) {
    this.dtype = dtype;
    this.key = key;
    this.elements = elements;
  }
}

/** Where weights may lie in a checkpoint that holds more. */
const INNER = ["state_dict", "model_state_dict", "model", "net", "network"];

/**
 * The tensors of a PyTorch state dict, `.pt` or `.pth`, as `torch.save` writes it (a zip since 1.6) or wrote it before. The pickle in it is read by a
 * machine that runs nothing and knows only what tensors are made of. Of a checkpoint that holds more than weights the part `state_dict`,
 * `model_state_dict`, `model`, `net` or `network` is taken. `module.`, which DataParallel puts before every name, is taken away.
 *
 * @param path only for the words of errors
 * @throws ArtifactError TORCH_FILE_DAMAGED, TORCH_FILE_FORBIDDEN, TORCH_FILE_NO_TENSORS, ZIP_DAMAGED, ZIP_UNSAFE_NAME
 */
export async function readTorchFile(file: Uint8Array, path: string): Promise<Map<string, RawTensor>> {
  try {
    const { value, bytesOf } = looksLikeZip(file) ? await readZip(file, path) : readOlder(file);
    const tensors = new Map<string, RawTensor>();
    for (const [name, view] of tensorsIn(value, path)) {
      const { storage, shape, strides, offset } = view;
      const tensor = gathered(bytesOf(storage), { dtype: storage.dtype, shape, strides, offset });
      if (tensor === undefined)
        throw damaged(path, `${name} reaches past its storage of ${String(storage.elements)} elements`);
      tensors.set(name, tensor);
    }
    return tensors;
  } catch (error) {
    if (!(error instanceof PickleFault)) throw error;
    if (error.forbidden !== undefined) {
      throw new ArtifactError({ code: "TORCH_FILE_FORBIDDEN", path, name: error.forbidden }, { cause: error });
    }
    throw damaged(path, `at byte ${String(error.at)} of its pickle ${error.message}`, error);
  }
}

interface Contents {
  readonly value: unknown;
  readonly bytesOf: (storage: Storage) => Uint8Array;
}

async function readZip(file: Uint8Array, path: string): Promise<Contents> {
  const entries = await zipEntries(file, path, "lenient");
  const pickle = entries.find(({ name }) => name.endsWith("/data.pkl") || name === "data.pkl");
  if (pickle === undefined) throw damaged(path, "it is a zip without data.pkl");
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const order = entries.find(({ name }) => name === `${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(await order.read()).trim() === "big")
    throw damaged(path, "its numbers have the most significant byte first");
  const { value } = unpickle(await pickle.read(), 0, { globals: GLOBALS, persistent: storageOf });
  const byName = new Map<string, ZipEntry>(entries.map((entry) => [entry.name, entry]));
  const read = new Map<string, Uint8Array>();
  for (const { storage } of viewsIn(value)) {
    if (read.has(storage.key)) continue;
    const bytes = await byName.get(`${folder}data/${storage.key}`)?.read();
    if (bytes === undefined) throw damaged(path, `it has no storage ${storage.key}`);
    read.set(storage.key, bytes);
  }
  return { value, bytesOf: ({ key }) => read.get(key) ?? new Uint8Array() };
}

/** Four pickles (a number, the version, facts of the machine, the value), a fifth with the keys, then the storages in that order. */
function readOlder(file: Uint8Array): Contents {
  const options = { globals: GLOBALS, persistent: storageOf };
  const magic = unpickle(file, 0, options);
  if (magic.value !== MAGIC) throw new PickleFault("it is no file of torch.save: it does not begin with its number", 0);
  const version = unpickle(file, magic.end, options);
  const facts = unpickle(file, version.end, options);
  const { value, end } = unpickle(file, facts.end, options);
  const keys = unpickle(file, end, options);
  const sizes = new Map(viewsIn(value).map(({ storage }) => [storage.key, storage]));
  const read = new Map<string, Uint8Array>();
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = keys.end;
  for (const key of Array.isArray(keys.value) ? keys.value : []) {
    const storage = sizes.get(String(key));
    if (storage === undefined) throw new PickleFault(`it has a storage ${String(key)} that no tensor is in`, at);
    const bytes = storage.elements * BYTES[storage.dtype];
    if (at + 8 + bytes > file.length) throw new PickleFault("its storages were cut short", at);
    if (view.getBigInt64(at, true) !== BigInt(storage.elements))
      throw new PickleFault(`storage ${storage.key} has another length than its tensors say`, at);
    read.set(storage.key, file.subarray(at + 8, at + 8 + bytes));
    at += 8 + bytes;
  }
  return { value, bytesOf: ({ key }) => read.get(key) ?? new Uint8Array() };
}

/** A tensor as a pickle describes it: a view of a storage. */
class View {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

function rebuildTensor(storage: unknown, offset: unknown, shape: unknown, strides: unknown): View {
  if (!(storage instanceof Storage) || typeof offset !== "number" || !areNumbers(shape) || !areNumbers(strides))
    throw new PickleFault("a tensor is not made of a storage, an offset, a shape and strides", 0);
  return new View(storage, offset, shape, strides);
}

/** Storage classes are named, never called: each stands for its type in a persistent id. */
const STORAGE_CLASSES = Array.from(STORAGES, ([name, dtype]) => ({ name, dtype, named: () => dtype }));

/** All that a state dict is made of. */
const GLOBALS: PickleGlobals = new Map<string, (...args: readonly unknown[]) => unknown>([
  ["collections OrderedDict", (pairs) => new Map(Array.isArray(pairs) ? (pairs as [unknown, unknown][]) : [])],
  ["torch._utils _rebuild_tensor_v2", rebuildTensor],
  ["torch._utils _rebuild_tensor", rebuildTensor],
  ["torch._utils _rebuild_parameter", (data) => data],
  ["torch Size", (sides) => sides],
  ...STORAGE_CLASSES.map(({ name, named }) => [`torch ${name}`, named] as const),
]);

/** `("storage", class, key, device, elements)`; the older format has one more, for views that nothing writes any longer. */
function storageOf(id: unknown): Storage {
  if (!Array.isArray(id)) throw new PickleFault("it refers to what is no storage", 0);
  const [kind, named, key, , elements] = id as readonly unknown[];
  const dtype = STORAGE_CLASSES.find((known) => known.named === named)?.dtype;
  if (kind !== "storage" || dtype === undefined || typeof key !== "string" || typeof elements !== "number")
    throw new PickleFault("it refers to what is no storage", 0);
  return new Storage(dtype, key, elements);
}

/** The tensors by name, of the value itself or of the part of a checkpoint that holds the weights. */
function tensorsIn(value: unknown, path: string): Map<string, View> {
  if (!(value instanceof Map)) throw new ArtifactError({ code: "TORCH_FILE_NO_TENSORS", path, holds: kindOf(value) });
  const inner = INNER.map((key): unknown => value.get(key)).find((part) => part instanceof Map);
  const part = (inner ?? value) as Map<unknown, unknown>;
  const tensors = new Map<string, View>();
  for (const [name, item] of part) if (item instanceof View) tensors.set(String(name).replace(/^module\./, ""), item);
  if (tensors.size > 0) return tensors;
  const holds = `a dictionary of ${[...part.keys()].slice(0, 5).map(String).join(", ")}`;
  throw new ArtifactError({ code: "TORCH_FILE_NO_TENSORS", path, holds });
}

/** All views in a value, however deep. */
function viewsIn(value: unknown): View[] {
  if (value instanceof View) return [value];
  if (value instanceof Map) return [...value.values()].flatMap(viewsIn);
  return Array.isArray(value) ? value.flatMap(viewsIn) : [];
}

function areNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

function kindOf(value: unknown): string {
  if (value instanceof View) return "a single tensor";
  return Array.isArray(value) ? "a list" : value === null ? "nothing" : `a ${typeof value}`;
}

function damaged(path: string, because: string, cause?: unknown): ArtifactError {
  return new ArtifactError({ code: "TORCH_FILE_DAMAGED", path, because }, cause === undefined ? {} : { cause });
}
