/** An option or argument that is not as expected. */
export class UsageError extends Error {}
