import { DIAGNOSES } from "@multirnet/base";
import { z } from "zod";

const names = z.array(z.string().min(1)).refine((list) => new Set(list).size === list.length, "names must differ");

/** The diagnoses, in the order of the disease head. */
export const CLASSES = names
  .min(2)
  .default([...DIAGNOSES])
  .describe("diagnoses, in the order of the head `disease`");

/** The lesion types, in the order of the lesion head's channels. */
export const LESIONS = names
  .min(1)
  .default(["lesion"])
  .describe("lesion types, a channel each; `lesion` is the union of all");
