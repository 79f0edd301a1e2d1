import { DatasetError } from "./dataset-error.js";
import { severityOf } from "./severity.js";
import { surveyDataset } from "./survey.js";
import { copied, type ImportPlan } from "./import-plan.js";

/**
 * An nnU-Net raw dataset, of its first or second version, with one channel. Where it has no `cases.csv` every case becomes a
 * patient of its own, without a diagnosis: both can be filled in afterwards.
 *
 * @throws DatasetError the first problem of the source that is not a mere warning
 */
export async function planNnunet(source: string): Promise<ImportPlan> {
  const survey = await surveyDataset(source);
  const problem = survey.problems.find((one) => severityOf(one) === "error");
  if (problem !== undefined) throw new DatasetError(problem);
  return {
    name: survey.name,
    labels: survey.labels,
    fileEnding: survey.fileEnding,
    cases: survey.cases.map(({ image, label, lung, mask: _, ...facts }) => copied({ facts, image, label, lung })),
    remarks: survey.problems,
  };
}
