const MOST = 5;

/** Names in a message: the first five, and how many there are besides, so that it stays readable when there are hundreds. */
export function firstFew(names: readonly string[], separator = ", "): string {
  const shown = names.slice(0, MOST).join(separator);
  return names.length > MOST ? `${shown} and ${String(names.length - MOST)} more` : shown;
}
