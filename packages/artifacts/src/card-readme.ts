import type { Flip, ModelCard } from "./model-card.js";

const FLIP_WORDS: Readonly<Record<Flip, string>> = { leftRight: "left to right", frontBack: "front to back" };

/**
 * A model card for people, from the one for machines: the README.md of a bundle.
 *
 * @param name of the bundle, its heading
 */
export function cardReadme(name: string, card: ModelCard): string {
  const { network, task, classes, labels, preprocessing, passes, inference, data } = card;
  const { spacingMm, windowHu, region } = preprocessing;
  const { flips = [] } = inference;
  const triple = ({ x, y, z }: typeof region): string => `${x} × ${y} × ${z}`;
  return [
    `# ${name}`,
    `**${card.notice}**`,
    `${capital(TASKS[task])} by ${code(network.name)}, ${passes === 1 ? "1 pass" : `${passes} passes`} over its own map.`,
    section("Gives", [
      labels.length > 0 && `lesions: ${labels.map(code).join(", ")}`,
      classes.length > 0 && `a diagnosis: ${classes.map(code).join(", ")}`,
    ]),
    section("Trained on", [
      `${data.name}: ${data.cases.length} cases, ${data.masks} with a mask, ${data.diagnoses} with a diagnosis` +
        (data.synthetic ? "; all synthetic, no patients" : ""),
      data.estimated.length > 0 && `not measured but estimated in these data: ${data.estimated.join(", ")}`,
      `licence of the data: ${data.licence}`,
      data.cases.length > 0 && `cases: ${data.cases.join(", ")}`,
      data.notes,
    ]),
    section("Takes", [
      `a chest CT, resampled to ${spacingWords(spacingMm)}, in regions of ${triple(region)} voxels (x × y × z)`,
      `${windowHu.low} to ${windowHu.high} HU as 0 to 1`,
      `windows that overlap by ${inference.overlap}, threshold ${inference.threshold}, lesions from ${inference.minimumLesionMm3} mm³ on`,
      flips.length > 0 &&
        `each region is looked at mirrored ${flips.map((flip) => FLIP_WORDS[flip]).join(" and ")} too, and the mean counts`,
    ]),
    section(
      "Measured",
      Object.entries(card.metrics).map(([metric, value]) => `${metric}: ${measured(value)}`),
    ),
    section(
      "Made with",
      Object.entries(card.versions).map(([part, version]) => `${part} ${version}`),
    ),
    `## Licence of the weights\n\n${card.licence}`,
  ]
    .filter((paragraph) => paragraph !== "")
    .join("\n\n")
    .concat("\n");
}

function spacingWords({ x, y, z }: ModelCard["preprocessing"]["spacingMm"]): string {
  const along = (spacing: number | "fit"): string => (spacing === "fit" ? "the whole scan" : `${spacing} mm`);
  return [x, y, z].includes("fit") ? [x, y, z].map(along).join(" × ") : `${x} × ${y} × ${z} mm`;
}

const TASKS: Readonly<Record<ModelCard["task"], string>> = {
  segmentation: "lesion outlines",
  diagnosis: "a diagnosis",
  joint: "lesion outlines and a diagnosis",
};

function section(title: string, lines: readonly (string | false)[]): string {
  const given = lines.filter((line): line is string => line !== false && line !== "");
  return given.length === 0 ? "" : `## ${title}\n\n${given.map((line) => `- ${line}`).join("\n")}`;
}

/** Three digits are enough for a reader; the card has all of them. */
function measured(value: ModelCard["metrics"][string]): string {
  if (typeof value === "number") return String(Number(value.toPrecision(3)));
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return JSON.stringify(value);
  const { undefined: reason, mean, cases } = value;
  if (typeof reason === "string") return `not given: ${reason}`;
  if (mean === undefined) return JSON.stringify(value);
  return `${measured(mean)} (over ${measured(cases ?? null)} cases${intervalWords(value)})`;
}

function intervalWords({ interval95 }: Readonly<Record<string, ModelCard["metrics"][string]>>): string {
  if (typeof interval95 !== "object" || interval95 === null) return "";
  return `, 95 % interval ${Object.values(interval95).map(measured).join(" to ")}`;
}

function code(name: string): string {
  return `\`${name}\``;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
