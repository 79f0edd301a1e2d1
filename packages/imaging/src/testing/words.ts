import { ImagingError } from "../errors.js";

/** What an action said when it failed with one of this room's problems. */
export function words(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ImagingError) return error.message;
    throw error;
  }
  return "nothing was thrown";
}

/** The same for what fails later. */
export async function laterWords(action: Promise<unknown>): Promise<string> {
  return action.then(
    () => "nothing was thrown",
    (error: unknown) => words(() => throwAgain(error)),
  );
}

function throwAgain(error: unknown): never {
  throw error;
}
