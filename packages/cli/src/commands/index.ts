import type { Command } from "../command.js";
import { augment } from "./augment.js";
import { bench } from "./bench.js";
import { configSchema, configShow } from "./config.js";
import { convert } from "./convert.js";
import { datasetCheck, datasetImport, datasetSummary } from "./dataset.js";
import { doctor } from "./doctor.js";
import { evaluate } from "./evaluate.js";
import { exportBundle } from "./export.js";
import { forward } from "./forward.js";
import { info } from "./info.js";
import { init } from "./init.js";
import { metrics } from "./metrics.js";
import { networks } from "./networks.js";
import { phantom } from "./phantom.js";
import { predict } from "./predict.js";
import { resample } from "./resample.js";
import { runsCompare, runsExport, runsList, runsReport } from "./runs.js";
import { train } from "./train.js";
import { weightsImport, weightsShow } from "./weights.js";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  predict,
  train,
  evaluate,
  exportBundle,
  configShow,
  configSchema,
  runsList,
  runsCompare,
  runsReport,
  runsExport,
  metrics,
  info,
  convert,
  resample,
  phantom,
  datasetImport,
  datasetCheck,
  datasetSummary,
  augment,
  networks,
  init,
  forward,
  weightsImport,
  weightsShow,
  doctor,
  bench,
];
