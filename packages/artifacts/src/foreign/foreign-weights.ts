import { looksLikeZip, zipEntries } from "../zip.js";
import { readNpzFile } from "./npz-file.js";
import type { RawTensor } from "./raw-tensor.js";
import { readTorchFile } from "./torch-file.js";

const PICKLE = 0x80; // the first instruction of a pickle from protocol 2 on, with which older files of torch.save begin

/**
 * The tensors of a file that another program wrote: PyTorch's `.pt` and `.pth`, NumPy's `.npz`; told apart by what they hold, not by their names.
 *
 * @param path only for the words of errors
 * @returns undefined for a file that is neither
 * @throws ArtifactError as `readTorchFile` and `readNpzFile`
 */
export async function readForeignWeights(
  { buffer, byteOffset, byteLength }: Uint8Array,
  path: string,
): Promise<Map<string, RawTensor> | undefined> {
  const file = new Uint8Array(buffer, byteOffset, byteLength); // of a Buffer `slice` would be no copy
  if (file[0] === PICKLE) return readTorchFile(file, path);
  if (!looksLikeZip(file)) return undefined;
  const entries = await zipEntries(file, path, "lenient");
  return entries.some(({ name }) => name.endsWith(".npy")) ? readNpzFile(file, path) : readTorchFile(file, path);
}
