import { labelled, scope } from "@multirnet/engine";

/** Runs one part of a network: its operators carry its name in a recording, and what it made and does not return is freed. */
export function part<T>(name: string, body: () => T): T {
  return labelled(name, () => scope(body));
}
