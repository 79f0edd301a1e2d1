import type { Command } from "../command.js";
import { bench } from "./bench.js";
import { convert } from "./convert.js";
import { datasetCheck, datasetImport } from "./dataset.js";
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
import { train } from "./train.js";
import { weightsImport, weightsShow } from "./weights.js";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  predict,
  train,
  evaluate,
  exportBundle,
  metrics,
  info,
  convert,
  resample,
  phantom,
  datasetImport,
  datasetCheck,
  networks,
  init,
  forward,
  weightsImport,
  weightsShow,
  doctor,
  bench,
];
