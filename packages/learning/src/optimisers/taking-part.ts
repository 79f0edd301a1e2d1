import type { Tensor } from "@multirnet/engine";

/** The gradients that there are, as `of`, and of each list what stands at their places. */
export function takingPart<Name extends string>(
  gradients: readonly (Tensor | undefined)[],
  lists: Readonly<Record<Name, readonly Tensor[]>>,
): Record<Name | "of", Tensor[]> {
  const places = gradients.flatMap((gradient, index) => (gradient === undefined ? [] : index));
  const chosen = (list: readonly (Tensor | undefined)[]): Tensor[] => places.map((place) => list[place] as Tensor);
  const entries = Object.entries<readonly Tensor[]>(lists).map(([name, list]) => [name, chosen(list)]);
  return { ...Object.fromEntries(entries), of: chosen(gradients) } as Record<Name | "of", Tensor[]>;
}
