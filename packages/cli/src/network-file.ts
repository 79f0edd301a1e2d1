import { readMergedConfig } from "@multirnet/learning";
import { resolveNetwork, type NetworkSpec } from "@multirnet/networks";

import { UsageError } from "./usage-error.js";

/**
 * A network by name with the options of a YAML file: a training config, whose `network` part counts, or that part alone.
 *
 * @throws UsageError; LearningError as `readMergedConfig`; NetworkError as `resolveNetwork`
 */
export async function networkFrom(name: string, configPath: string | undefined): Promise<NetworkSpec> {
  if (configPath === undefined) return resolveNetwork({ name });
  const { values } = await readMergedConfig(configPath);
  const part = isMapping(values["network"]) ? values["network"] : values;
  const { name: named = name, options, ...rest } = part;
  if (named !== name) {
    throw new UsageError(`${configPath}: expected options of ${name} (--network), came those of ${String(named)}`);
  }
  return resolveNetwork({ ...(isMapping(options) ? options : {}), ...rest, name });
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
