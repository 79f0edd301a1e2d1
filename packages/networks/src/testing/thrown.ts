/** @returns the words of what `body` throws, with the kind of error before them */
export function thrownBy(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    throw error;
  }
  throw new Error("nothing was thrown");
}
