import type { Command } from "../command.js";
import { train } from "./train.js";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [train];
