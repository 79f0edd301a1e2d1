import { opFailed } from "./errors.js";
import { native, type About } from "./native.js";

/**
 * Sets how many threads one operator uses. Results on the CPU repeat bit for bit for a given number.
 *
 * @param count 1 to 1024
 * @throws EngineError ENGINE_OP_FAILED
 */
export function setThreads(count: number): void {
  try {
    native().threads(count);
  } catch (error) {
    throw opFailed("setThreads", String(count), error);
  }
}

/** @returns how many threads one operator uses */
export function threads(): number {
  return native().threads();
}

/** @returns which libtorch this is, how many tensors and bytes are held from JavaScript, and how many bytes are kept for others to come */
export function aboutEngine(): About {
  return native().about();
}

/**
 * Gives the memory that freed CPU tensors have left back to the system. The engine keeps it for the tensors of the next pass or step, with what is
 * alive at most a fifth above what was alive at once; a server that waits for its next scan may not want to.
 */
export function releaseIdleMemory(): void {
  native().releaseIdleMemory();
}

/** @returns libtorch's schemas of all operators */
export function operatorSchemas(): string[] {
  return native().schemas();
}
