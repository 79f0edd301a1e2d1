import { expect, test } from "vitest";

import { LPS_AXES, orientTo, type Volume } from "@multirnet/imaging";

import { lesions, probability, report, scan } from "../testing/small-report.js";

import { scanReportHtml } from "./scan-page.js";
import type { ScanReport } from "./scan-report.js";

/** The words of a page, markup and style gone and spaces joined. */
function wordsOf(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/s, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll(/\s+/g, " ");
}

const pageOf = (over: Partial<ScanReport> = {}): string => scanReportHtml({ ...report, ...over });

test("a page says what was found, by what, and how far to trust it", () => {
  const words = wordsOf(pageOf());
  expect(words).toContain(
    "case-07 Chest CT report, made 2026-03-04 05:06 UTC Notice. Research software, not a medical device.",
  );
  expect(words).toContain("Most likely covid-19 , of the 3 classes that the network knows.");
  expect(words).toContain("covid-19 93 % cap 7 % normal &lt; 1 %");
  expect(words).toContain("Lesions 2.38 ml Lung not given: no lung mask");
  expect(words).toContain("Axial , slice 5 of 10 from the feet");
  expect(words).toContain("Lung window, −1350 to 150 HU.");
  expect(words).toContain("1 2.38 ml 95 L 12.0, A 7.5, H 120.0 19, 11, 2 5 × 5 × 5");
  expect(words).toContain("Lesion outline 60 phantoms Diagnosis nothing: this network only outlines");
  expect(words).toContain("Voxels 30 × 24 × 10 Spacing 2.00 × 2.50 × 5.00 mm Orientation LPS multirnet 0.1.0");
  expect(words).not.toContain("Synthetic");
  expect(words).not.toContain("arning");
});

test("a synthetic scan, warnings, and missing heads are said plainly", () => {
  const words = wordsOf(
    pageOf({
      synthetic: true,
      warnings: ["only 10 slices"],
      diagnosis: { undefined: "this network only outlines" },
      lesions: { undefined: "this network only names a disease" },
      lesionTable: [],
    }),
  );
  expect(words).toContain("Synthetic scan, no patient");
  expect(words).toContain("⚠ Warning only 10 slices");
  expect(words).toContain("No diagnosis: this network only outlines");
  expect(words).toContain("No lesions outlined: this network only names a disease");
  expect(words).toContain("Three planes through the middle of the scan");
});

test("no lesion is a finding", () => {
  const page = pageOf({ lesions: { ...lesions, voxels: new Uint8Array(lesions.voxels.length) }, lesionTable: [] });
  expect(wordsOf(page)).toContain("Lesions (0) No lesion found.");
  expect(wordsOf(page)).toContain("Three planes through the middle of the scan");
  expect(page).not.toMatch(/<path class="halo"/);
});

test("all lesion, one slice, one voxel: there is still a page", () => {
  const grid = { ...scan.grid, size: { x: 1, y: 1, z: 1 } };
  const one = pageOf({
    scan: { meaning: "hounsfield", grid, voxels: new Float32Array(1) },
    lesions: { meaning: "label", grid, voxels: Uint8Array.of(1) },
    probability: { meaning: "probability", grid, voxels: Float32Array.of(1) },
  });
  expect(one.match(/d="M0 0h1v1h-1z"/g)?.length).toBe(2 * 4); // halo and line, in three planes and one tile
  const all = pageOf({ lesions: { ...lesions, voxels: lesions.voxels.map(() => 1) } });
  expect(all).toContain('d="M0 0h30v24h-30z"');
});

test("the outline is where the lesion is, in millimetres, and a label without a name has one too", () => {
  const voxels = new Uint8Array(lesions.voxels.length);
  voxels[3 + 30 * (4 + 24 * 7)] = 2; // voxel (3, 4, 7)
  const page = pageOf({ lesions: { ...lesions, voxels } });
  expect(page).toMatch(/transform="scale\(2 2\.5\)"[^<]*<path class="halo" d="M3 4h1v1h-1z"/); // axial
  expect(page).toMatch(/transform="scale\(2 5\)"[^<]*<path class="halo" d="M3 2h1v1h-1z"/); // coronal, row 9 - 7
  expect(page).toMatch(/transform="scale\(2\.5 5\)"[^<]*<path class="halo" d="M4 2h1v1h-1z"/); // sagittal
  expect(page).toContain("Axial slice 8 of 10, outlined: label 2");
  expect(page).toContain("aspect-ratio:60/60"); // axial 30 · 2 by 24 · 2.5 mm
  expect(page).toContain("aspect-ratio:60/50"); // coronal and sagittal are as wide, and 10 · 5 mm high
});

test.each(["RAS", "SRA", "PIR"])("a scan stored as %s shows the same pictures", (code) => {
  const pictures = (page: string): readonly string[] => page.match(/<svg.*?<\/svg\s*>/gs) ?? [];
  const turned = pageOf({
    scan: orientTo(scan, code),
    lesions: orientTo(lesions, code),
    probability: orientTo(probability, code),
  });
  expect(pictures(turned).length).toBeGreaterThan(3);
  expect(pictures(turned)).toEqual(pictures(pageOf()));
  expect(wordsOf(turned)).toContain(`Orientation ${code}`);
});

test("an oblique scan is said to be one", () => {
  const [c, s] = [Math.cos(Math.PI / 9), Math.sin(Math.PI / 9)];
  const axes = { ...LPS_AXES, y: { x: 0, y: c, z: s }, z: { x: 0, y: -s, z: c } };
  const tilt = <M extends "hounsfield" | "label" | "probability">(volume: Volume<M>): Volume<M> => ({
    ...volume,
    grid: { ...volume.grid, axes },
  });
  const words = wordsOf(pageOf({ scan: tilt(scan), lesions: tilt(lesions), probability: tilt(probability) }));
  expect(words).toContain(
    "The scan is oblique: its axes lie up to 20° off the patient's, and are shown as they were scanned.",
  );
});

test("a mask or a map on another grid is refused", () => {
  const moved = { ...scan.grid, spacingMm: { x: 2, y: 2.5, z: 4 } };
  const words = "has (2, 2.5, 5) mm between voxels";
  expect(() => pageOf({ lesions: { ...lesions, grid: moved } })).toThrow(
    `the scan and the lesion mask are not on the same grid: the scan ${words}, the lesion mask has (2, 2.5, 4) mm between voxels`,
  );
  expect(() => pageOf({ probability: { ...probability, grid: moved } })).toThrow(
    `the scan and the probability map are not on the same grid: the scan ${words}, the probability map has (2, 2.5, 4) mm between voxels`,
  );
});

test("of many lesions the largest twenty have a row", () => {
  const row = report.lesionTable[0];
  if (row === undefined) throw new Error("the report has a row");
  const lesionTable = Array.from({ length: 23 }, (_, i) => ({ ...row, rank: 23 - i, voxels: 1000 + i }));
  const words = wordsOf(pageOf({ lesionTable }));
  expect(words).toContain("Lesions (23)");
  expect(words).toContain("And 3 smaller ones.");
  expect(words).toContain("1022"); // rank 1
  expect(words).not.toContain("1002"); // rank 21
});

test("why volumes are missing is said once", () => {
  const lesionTable = [1, 2, 3].flatMap((rank) =>
    report.lesionTable.map((row) => ({ ...row, rank, voxels: 20_000, ml: { undefined: "spacing is estimated" } })),
  );
  const words = wordsOf(pageOf({ lesionTable }));
  expect(words).toContain("1 – 20 000 L 12.0");
  expect(words.match(/Volume not given: spacing is estimated\./g)?.length).toBe(1);
});

test("no text that is handed in becomes markup", () => {
  const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;
  const row = report.lesionTable.map((lesion) => ({ ...lesion, ml: { undefined: evil } }));
  const page = pageOf({
    title: evil,
    createdAt: evil,
    lesionTypes: [evil],
    diagnosis: [{ name: evil, probability: 1 }],
    facts: [
      { name: evil, value: evil, unit: evil },
      { name: evil, value: { undefined: evil } },
    ],
    lesionTable: row,
    trainedOn: [
      { output: evil, data: evil },
      { output: evil, data: { undefined: evil } },
    ],
    warnings: [evil],
    versions: { [evil]: evil },
    notice: evil,
  });
  expect(page).not.toContain("<script");
  expect(page).not.toContain("<img");
  // Every hole of the template, each escaped; that all are there shows that the test reaches them.
  expect(page.match(/&quot;&gt;&lt;img src=x onerror=alert\(1\)&gt;/g)?.length).toBeGreaterThan(20);
});

test("the page names no place outside itself", () => {
  const page = pageOf();
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
  expect(page.match(/(href|src|url)\s*[=(]\s*"?(?!data:image\/png;base64,|")/gi)).toBeNull();
  expect(page).not.toMatch(/https?:|@import|<link|<script/);
});
