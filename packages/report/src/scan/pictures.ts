import { html, type Html } from "../page/html.js";
import { focusOf, montageSlices } from "../planes/shown-slices.js";
import { outlinePath } from "../planes/outline.js";
import { greyPicture, LUNG_WINDOW_HU, probabilityPicture } from "../planes/picture.js";
import { PLANE_NAMES, PLANES, sliceOf, tiltDegrees, type PlaneName, type Upright } from "../planes/plane.js";

/** What there is to be seen of a scan. */
export interface Shown {
  readonly scan: Upright<"hounsfield">;
  readonly lesions: Upright<"label"> | undefined;
  readonly probability: Upright<"probability"> | undefined;
  readonly lesionTypes: readonly string[];
}

const PLANE_PIXELS = 512;
const TILE_PIXELS = 200;
const TILES = 12;

/** A tilt below this is not seen in a picture. */
const NOTED_TILT_DEGREES = 1;

/** The three planes through the largest lesion, at one scale, with a switch that shows outline, probability or the bare scan. */
export function planesSection(shown: Shown): Html {
  const { at, onLesion } = focusOf(shown.lesions ?? withoutLesions(shown.scan));
  const tilt = tiltDegrees(shown.scan);
  return html`<section class="sheet" aria-labelledby="planes">
    <div class="heading">
      <h2 id="planes">
        ${onLesion ? "Three planes through the largest lesion" : "Three planes through the middle of the scan"}
      </h2>
      ${shown.lesions === undefined ? undefined : showSwitch(shown)}
    </div>
    <div class="planes">${PLANE_NAMES.map((name) => planeFigure(shown, name, at))}</div>
    <p class="faint">
      ${keys(shown)}${windowText()}. The patient's right is on the left of axial and coronal
      pictures.${
        tilt < NOTED_TILT_DEGREES
          ? undefined
          : ` The scan is oblique: its axes lie up to ${tilt.toFixed(0)}° off the patient's, and are shown as they were scanned.`
      }
    </p>
  </section>`;
}

/** Axial slices over the extent of the lesions, from the head down. */
export function montageSection(shown: Shown): Html {
  const { size } = shown.scan.grid;
  const slices = montageSlices(shown.lesions ?? withoutLesions(shown.scan), TILES);
  return html`<section class="sheet" aria-labelledby="montage">
    <h2 id="montage">Axial slices from the head down</h2>
    <div class="montage">
      ${slices.map((z) => frame(shown, "axial", z, TILE_PIXELS, html`<span class="number">${z + 1}</span>`))}
    </div>
    <p class="faint">Slice numbers count from the feet, of ${size.z}.</p>
  </section>`;
}

function planeFigure(shown: Shown, name: PlaneName, at: Upright["grid"]["size"]): Html {
  const { through, across, down, upwards, letters, from } = PLANES[name];
  const { size, spacingMm } = shown.scan.grid;
  const widthMm = size[across] * spacingMm[across];
  const heightMm = size[down] * spacingMm[down];
  const u = (at[across] + 0.5) * spacingMm[across];
  const v = (upwards ? size[down] - at[down] - 0.5 : at[down] + 0.5) * spacingMm[down];
  const barMm = scaleBarMm(widthMm);
  const sides = (["left", "right", "top", "bottom"] as const).map(
    (side) => html`<span class="letter ${side}" aria-hidden="true">${letters[side]}</span>`,
  );
  const marks = html`${sides}<span class="length" style="width:${((100 * barMm) / widthMm).toFixed(2)}%"
      >${barMm >= 10 ? `${barMm / 10} cm` : `${barMm} mm`}</span
    >`;
  return html`<figure style="flex:${widthMm.toFixed(1)} 1 0">
    ${frame(shown, name, at[through], PLANE_PIXELS, marks, crossMarks({ u, v, widthMm, heightMm }))}
    <figcaption><b>${titled(name)}</b>, slice ${at[through] + 1} of ${size[through]} from ${from}</figcaption>
  </figure>`;
}

/** One slice with all that can be laid over it. Drawn in millimetres, so unequal spacings come out right. */
function frame(shown: Shown, name: PlaneName, index: number, mostPixels: number, marks: Html, over?: Html): Html {
  const slice = sliceOf(shown.scan, name, index);
  const widthMm = slice.width * slice.pixelMm.across;
  const heightMm = slice.height * slice.pixelMm.down;
  const stretched = html`width="${mm(widthMm)}" height="${mm(heightMm)}" preserveAspectRatio="none"`;
  const heat =
    shown.probability === undefined
      ? undefined
      : html`<image
          class="heat"
          href="${probabilityPicture(sliceOf(shown.probability, name, index), mostPixels)}"
          ${stretched}
        />`;
  const words = `${titled(name)} slice ${index + 1} of ${shown.scan.grid.size[PLANES[name].through]}`;
  const { outline, outlined } = outlineOf(shown, name, index);
  return html`<div class="frame" style="aspect-ratio:${mm(widthMm)}/${mm(heightMm)}">
    <svg
      viewBox="0 0 ${mm(widthMm)} ${mm(heightMm)}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${words}${outlined}"
    >
      <image href="${greyPicture(slice, LUNG_WINDOW_HU, mostPixels)}" ${stretched} />
      ${heat}${outline}${over}</svg
    >${marks}
  </div>`;
}

function outlineOf(
  { lesions, lesionTypes }: Shown,
  name: PlaneName,
  index: number,
): { readonly outline: Html | undefined; readonly outlined: string } {
  if (lesions === undefined) return { outline: undefined, outlined: "" };
  const mask = sliceOf(lesions, name, index);
  const paths = lesionTypes.map((type, i) => ({ type, style: styleOf(i), path: outlinePath(mask, i + 1) }));
  const drawn = paths.filter(({ path }) => path !== "");
  if (drawn.length === 0) return { outline: undefined, outlined: ", no lesion" };
  return {
    outline: html`<g class="outline" transform="scale(${mm(mask.pixelMm.across)} ${mm(mask.pixelMm.down)})"
      >${drawn.map(
        ({ style, path }) => html`<path class="halo" d="${path}" /><path class="${style}" d="${path}" />`,
      )}</g
    >`,
    outlined: `, outlined: ${drawn.map(({ type }) => type).join(" and ")}`,
  };
}

const OUTLINE_STYLES = ["lesion-1", "lesion-2", "lesion-3"] as const;

function styleOf(type: number): string {
  return OUTLINE_STYLES[type % OUTLINE_STYLES.length] as string;
}

/** Short ticks at the edges show where the other two planes cut. */
function crossMarks({
  u,
  v,
  widthMm,
  heightMm,
}: {
  readonly u: number;
  readonly v: number;
  readonly widthMm: number;
  readonly heightMm: number;
}): Html {
  const tick = 0.035 * Math.min(widthMm, heightMm);
  const lines = [
    [u, 0, u, tick],
    [u, heightMm - tick, u, heightMm],
    [0, v, tick, v],
    [widthMm - tick, v, widthMm, v],
  ] as const;
  return html`${lines.map(
    ([x1, y1, x2, y2]) => html`<line class="cross" x1="${mm(x1)}" y1="${mm(y1)}" x2="${mm(x2)}" y2="${mm(y2)}" />`,
  )}`;
}

function showSwitch({ probability }: Shown): Html {
  const choices = [
    { id: "show-outline", words: "outline" },
    ...(probability === undefined ? [] : [{ id: "show-probability", words: "probability" }]),
    { id: "show-scan", words: "scan only" },
  ];
  return html`<fieldset class="show">
    <legend>Show</legend>
    ${choices.map(
      ({ id, words }, i) =>
        html`<label
          ><input type="radio" name="show" id="${id}" ${i === 0 ? html` checked` : undefined} /> ${words}</label
        >`,
    )}
  </fieldset>`;
}

function keys({ lesions, lesionTypes, probability }: Shown): readonly (Html | undefined)[] {
  const outlines = (lesions === undefined ? [] : lesionTypes).map(
    (type, i) =>
      html`<span class="key"
        ><svg class="outline" viewBox="0 0 30 12" aria-hidden="true"><path class="${styleOf(i)}" d="M2 6h26" /></svg
        >${type}</span
      >`,
  );
  const heat = html`<span class="key heat">probability 0 <span class="ramp"></span> 1</span>`;
  return [...outlines, probability === undefined ? undefined : heat];
}

function windowText(): string {
  const { low, high } = LUNG_WINDOW_HU;
  return `Lung window, ${signed(low)} to ${signed(high)} HU`;
}

/** The longest of 1, 2, 5 times a power of ten that is at most a third of the picture. */
function scaleBarMm(widthMm: number): number {
  const lengths = [200, 100, 50, 20, 10, 5, 2];
  return lengths.find((length) => length <= widthMm / 3) ?? 1;
}

function withoutLesions({ grid }: Upright): Upright<"label"> {
  return { meaning: "label", grid, voxels: new Uint8Array(grid.size.x * grid.size.y * grid.size.z), upright: true };
}

function titled(name: PlaneName): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function signed(value: number): string {
  return String(value).replace("-", "−");
}

function mm(value: number): string {
  return String(Number(value.toFixed(3)));
}
