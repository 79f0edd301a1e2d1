import { wholeBox } from "@multirnet/imaging";

import type { CaseEntry } from "../case-entry.js";
import type { PreparedCase } from "../prepared-case.js";
import { GRID } from "./made-dataset.js";

/** A prepared case of air whose lesions are not known, but for what is given. */
export function madePrepared({
  entry,
  ...given
}: Partial<Omit<PreparedCase, "entry">> & { readonly entry?: Partial<CaseEntry> } = {}): PreparedCase {
  const { grid = GRID } = given;
  return {
    entry: { name: "a", patient: "a", split: "train", estimated: [], image: "a.nii", mask: "unknown", ...entry },
    grid,
    sourceGrid: grid,
    body: wholeBox(grid),
    image: new Uint16Array(grid.size.x * grid.size.y * grid.size.z),
    channels: ["lesion"],
    components: [],
    places: new Uint32Array(),
    placesAre: "body",
    ...given,
  };
}
