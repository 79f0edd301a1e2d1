import { messageOf } from "@multirnet/base";
import { parse } from "yaml";

import { LearningError } from "../errors.js";
import type { Layer, Mapping } from "./layers.js";
import { withWholePaths } from "./paths.js";

/**
 * What `--set a.b=c` puts over a config's files, one layer each, so that a later one stands over an earlier one. The value is YAML:
 * `augmentation.gamma=0.3`, `loss.deepSupervision=[0.5,0.25]`, `initialWeights=null`. Paths are those of the shell.
 *
 * @throws LearningError CONFIG_SETTING
 */
export function settingLayers(settings: readonly string[]): Layer[] {
  return settings.map((setting) =>
    withWholePaths({ values: valuesOf(setting), originOf: () => ({ kind: "set" }) }, "."),
  );
}

function valuesOf(setting: string): Mapping {
  const refuse = (because: string, cause?: unknown): LearningError =>
    new LearningError({ code: "CONFIG_SETTING", setting, because }, { cause });
  const [, path = "", text = ""] = /^([^=\s]+)=(.+)$/s.exec(setting) ?? [];
  const keys = path.split(".");
  if (keys.includes("")) throw refuse("expected KEY=VALUE, such as optimiser.learningRate=1e-3");
  try {
    return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), parse(text)) as Mapping;
  } catch (error) {
    throw refuse(`the value is not YAML: ${messageOf(error).split("\n")[0] ?? ""}`, error);
  }
}
