import { allowance } from "../allowance.js";
import { ArtifactError } from "../errors.js";
import { shown } from "../shown.js";
import { looksLikeZip, zipEntries } from "../zip.js";
import { describe } from "./described.js";
import { PickleFault, unpickle } from "./pickle.js";
import { BYTES, gathered, type RawTensor } from "./raw-tensor.js";
import { Storages, type Storage } from "./torch-storage.js";
import { TORCH_NAMES, View } from "./torch-tensor.js";

/** `torch.serialization.MAGIC_NUMBER`, with which the older format begins. */
const MAGIC = 0x1950a86a20f9469cfc6cn;

/** Where weights may lie in a checkpoint that holds more. */
const INNER = ["state_dict", "model_state_dict", "model", "net", "network"];

/**
 * The tensors of a PyTorch state dict, `.pt` or `.pth`, as `torch.save` writes it (a zip since 1.6) or wrote it before. The pickle in it is read by a
 * machine that runs nothing and knows only what tensors are made of. Of a checkpoint that holds more than weights the part `state_dict`,
 * `model_state_dict`, `model`, `net` or `network` is taken. `module.`, which DataParallel puts before every name, is taken away.
 *
 * A tensor may share its storage with others, or repeat parts of it; the bytes of all tensors together are held to the allowance of the file's length.
 *
 * @param path only for the words of errors
 * @throws ArtifactError TORCH_FILE_DAMAGED, TORCH_FILE_FORBIDDEN, TORCH_FILE_NO_TENSORS, ZIP_DAMAGED, ZIP_TOO_LARGE, ZIP_UNSAFE_NAME
 */
export async function readTorchFile(file: Uint8Array, path: string): Promise<Map<string, RawTensor>> {
  try {
    const { value, bytesOf } = looksLikeZip(file) ? await readZip(file, path) : readOlder(file);
    const most = allowance(file.length);
    const tensors = new Map<string, RawTensor>();
    let bytes = 0;
    for (const [name, { storage, shape, strides, offset, elements }] of tensorsIn(value, path)) {
      bytes += elements * BYTES[storage.dtype];
      if (bytes > most) {
        const expected = `expected ${String(most)} at most of a file of ${String(file.length)}`;
        throw damaged(path, `with ${shown(name)} its tensors have ${String(bytes)} bytes; ${expected}`);
      }
      const tensor = gathered(await bytesOf(storage), { dtype: storage.dtype, shape, strides, offset });
      if (tensor === undefined)
        throw damaged(path, `${shown(name)} reaches past its storage of ${String(storage.elements)} elements`);
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
  readonly bytesOf: (storage: Storage) => Uint8Array | Promise<Uint8Array>;
}

async function readZip(file: Uint8Array, path: string): Promise<Contents> {
  const entries = await zipEntries(file, path, "lenient");
  const pickles = entries.filter(({ name }) => name.endsWith("/data.pkl") || name === "data.pkl");
  const [pickle] = pickles;
  if (pickle === undefined) throw damaged(path, "it is a zip without data.pkl");
  if (pickles.length > 1)
    throw damaged(path, `it is a zip with ${String(pickles.length)} files data.pkl; expected one`);
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const order = await byName.get(`${folder}byteorder`)?.read();
  if (order !== undefined && new TextDecoder().decode(order.subarray(0, 8)).trim() === "big")
    throw damaged(path, "its numbers have the most significant byte first");
  const { value } = unpickle(await pickle.read(), 0, { globals: TORCH_NAMES, persistent: new Storages().referred });
  const read = new Map<Storage, Uint8Array>();
  const bytesOf = async (storage: Storage): Promise<Uint8Array> => {
    const known = read.get(storage);
    if (known !== undefined) return known;
    const { key, elements, dtype } = storage;
    const bytes = await byName.get(`${folder}data/${key}`)?.read();
    if (bytes === undefined) throw damaged(path, `it has no storage ${shown(key)}`);
    const expected = elements * BYTES[dtype];
    if (bytes.length !== expected) {
      const told = `expected ${String(expected)}, for ${String(elements)} of ${dtype}`;
      throw damaged(path, `storage ${shown(key)} has ${String(bytes.length)} bytes; ${told}`);
    }
    read.set(storage, bytes);
    return bytes;
  };
  return { value, bytesOf };
}

/** Four pickles (a number, the version, facts of the machine, the value), a fifth with the keys, then the storages in that order. */
function readOlder(file: Uint8Array): Contents {
  const storages = new Storages();
  const options = { globals: TORCH_NAMES, persistent: storages.referred };
  const magic = unpickle(file, 0, options);
  if (magic.value !== MAGIC) throw new PickleFault("it is no file of torch.save: it does not begin with its number", 0);
  const version = unpickle(file, magic.end, options);
  const facts = unpickle(file, version.end, options);
  const { value, end } = unpickle(file, facts.end, options);
  const keys = unpickle(file, end, options);
  if (!Array.isArray(keys.value))
    throw new PickleFault(`its storages are listed by ${describe(keys.value)}; expected a list`, keys.end);
  const read = new Map<Storage, Uint8Array>();
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = keys.end;
  for (const key of keys.value as readonly unknown[]) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (storage === undefined) throw new PickleFault(`it has a storage ${describe(key)} that no tensor is in`, at);
    if (read.has(storage)) throw new PickleFault(`it has the storage ${describe(key)} twice`, at);
    const bytes = storage.elements * BYTES[storage.dtype];
    if (at + 8 + bytes > file.length) throw new PickleFault("its storages were cut short", at);
    if (view.getBigInt64(at, true) !== BigInt(storage.elements))
      throw new PickleFault(`storage ${shown(storage.key)} has another length than its tensors say`, at);
    read.set(storage, file.subarray(at + 8, at + 8 + bytes));
    at += 8 + bytes;
  }
  const bytesOf = (storage: Storage): Uint8Array => {
    const bytes = read.get(storage);
    if (bytes === undefined) throw new PickleFault(`it has no storage ${shown(storage.key)}`, at);
    return bytes;
  };
  return { value, bytesOf };
}

/** The tensors by name, of the value itself or of the part of a checkpoint that holds the weights. */
function tensorsIn(value: unknown, path: string): Map<string, View> {
  if (!(value instanceof Map)) {
    const holds = value instanceof View ? "a single tensor" : describe(value);
    throw new ArtifactError({ code: "TORCH_FILE_NO_TENSORS", path, holds });
  }
  const inner = INNER.map((key): unknown => value.get(key)).find((part) => part instanceof Map);
  const part = (inner ?? value) as Map<unknown, unknown>;
  const tensors = new Map<string, View>();
  for (const [key, item] of part) {
    if (!(item instanceof View)) continue;
    if (typeof key !== "string") throw damaged(path, `a tensor is called by ${describe(key)}; expected a text`);
    const name = key.replace(/^module\./, "");
    if (tensors.has(name)) throw damaged(path, `two tensors are called ${shown(name)}`);
    tensors.set(name, item);
  }
  if (tensors.size > 0) return tensors;
  const keys = [...part.keys()].slice(0, 5).map(describe);
  const holds = keys.length === 0 ? "an empty dictionary" : `a dictionary of ${keys.join(", ")}`;
  throw new ArtifactError({ code: "TORCH_FILE_NO_TENSORS", path, holds });
}

function damaged(path: string, because: string, cause?: unknown): ArtifactError {
  return new ArtifactError({ code: "TORCH_FILE_DAMAGED", path, because }, cause === undefined ? {} : { cause });
}
