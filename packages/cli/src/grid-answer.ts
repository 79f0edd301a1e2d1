import type { Grid } from "@multirnet/imaging";

import type { Answer } from "./command.js";

/** What a command says of a volume that it wrote. */
export function gridAnswer(path: string, { size, spacingMm }: Grid): Answer {
  const words = ({ x, y, z }: Grid["size"]): string => [x, y, z].map((part) => Number(part.toPrecision(6))).join(" × ");
  return { json: { size, spacingMm }, text: `${path}: ${words(size)} voxels of ${words(spacingMm)} mm` };
}
