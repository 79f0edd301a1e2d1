const MOST_CHARACTERS = 100;

/** A text of a file from elsewhere as an error quotes it: cut where it is long, and what does not print by its number. */
export function shown(text: string): string {
  const printed = text
    .slice(0, MOST_CHARACTERS)
    .replace(/\p{C}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return text.length > MOST_CHARACTERS ? `${printed}…` : printed;
}
