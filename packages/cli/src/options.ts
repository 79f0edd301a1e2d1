import { z } from "zod";

import type { Xyz } from "@multirnet/imaging";

/** `1.5,1.5,2` as a triple of numbers along x, y and z. */
export function triple(says: string, number: z.ZodNumber = z.number().positive()): z.ZodType<Xyz, string> {
  return z.string().transform((text, context): Xyz => {
    const parts = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
    const [x = 0, y = 0, z = 0] = parts;
    if (parts.length === 3 && parts.every((part) => number.safeParse(part).success)) return { x, y, z };
    context.addIssue({ code: "custom", message: `expected ${says} as x,y,z` });
    return { x: 0, y: 0, z: 0 };
  });
}

/** A whole number of at least `least`, as it stands on the command line. */
export function whole(least: number): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    context.addIssue({ code: "custom", message: `expected a whole number from ${String(least)}` });
    return least;
  });
}

/** A number of at least `least`, as it stands on the command line. */
export function numberFrom(least: number): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && value >= least) return value;
    context.addIssue({ code: "custom", message: `expected a number from ${String(least)}` });
    return least;
  });
}

/** `all`, or fold numbers as `0,2`. */
export function foldList(): z.ZodType<"all" | readonly number[], string> {
  return z.string().transform((text, context) => {
    if (text === "all") return text;
    const folds = text.split(",").map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : Number.NaN));
    if (folds.every(Number.isSafeInteger) && new Set(folds).size === folds.length) return folds;
    context.addIssue({ code: "custom", message: "expected all, or different folds as 0,2" });
    return [];
  });
}

/** The name of an option as it stands on the command line: toleranceMm is tolerance-mm. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
