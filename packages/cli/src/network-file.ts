import { readFile } from "node:fs/promises";

import { messageOf } from "@multirnet/base";
import { resolveNetwork, type NetworkSpec } from "@multirnet/networks";
import { parse } from "yaml";

import { UsageError } from "./usage-error.js";

/**
 * A network by name with the options of a YAML file: a training config, whose `network` part counts, or that part alone.
 *
 * @throws UsageError; NetworkError as `resolveNetwork`
 */
export async function networkFrom(name: string, configPath: string | undefined): Promise<NetworkSpec> {
  if (configPath === undefined) return resolveNetwork({ name });
  let document: unknown;
  try {
    document = parse(await readFile(configPath, "utf8"));
  } catch (error) {
    throw new UsageError(`cannot read the config ${configPath}: ${messageOf(error).split("\n")[0] ?? ""}`, {
      cause: error,
    });
  }
  const part = isMapping(document) && isMapping(document["network"]) ? document["network"] : (document ?? {});
  if (!isMapping(part)) {
    throw new UsageError(`${configPath}: expected a mapping of the network's options, came ${JSON.stringify(part)}`);
  }
  const { name: named = name, options, ...rest } = part;
  if (named !== name) {
    throw new UsageError(`${configPath}: expected options of ${name} (--network), came those of ${String(named)}`);
  }
  return resolveNetwork({ ...(isMapping(options) ? options : {}), ...rest, name });
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
