import { EngineError, setThreads as setEngineThreads } from "@multirnet/engine";

/** Sets the engine's threads; where there is no engine, commands that need none still run, and the others say so themselves. */
export function setThreads(count: number): void {
  try {
    setEngineThreads(count);
  } catch (error) {
    if (!(error instanceof EngineError && error.code === "ENGINE_NOT_BUILT")) throw error;
  }
}
