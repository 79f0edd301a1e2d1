/** An option, an argument or a file of settings that is not as expected. */
export class UsageError extends Error {}
