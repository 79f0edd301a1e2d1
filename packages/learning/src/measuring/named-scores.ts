import type { Score, ScoreName, SegmentationScores } from "@multirnet/evaluation";

/**
 * The scores of one case by the names under which `metrics.json` gives their means. S-DSC and ASO of the first tolerance are `sdsc` and `aso`; of 3 mm, where
 * that is another, `sdscAt3Mm` and `asoAt3Mm`; of lesions `lesionRecall`, `lesionPrecision`, `lesionF1`.
 */
export function namedScores({ tolerances, lesions, ...single }: SegmentationScores): Record<string, Score> {
  const atTolerances = tolerances.slice(1).flatMap(
    ({ toleranceMm, sdsc, aso }) =>
      [
        [nameAt("sdsc", toleranceMm), sdsc],
        [nameAt("aso", toleranceMm), aso],
      ] as const,
  );
  return {
    ...(single satisfies Record<ScoreName, Score>),
    ...Object.fromEntries(atTolerances),
    lesionRecall: lesions.recall,
    lesionPrecision: lesions.precision,
    lesionF1: lesions.f1,
  };
}

function nameAt(name: "sdsc" | "aso", toleranceMm: number): string {
  return `${name}At${String(toleranceMm)}Mm`;
}
