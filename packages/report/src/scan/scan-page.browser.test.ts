import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { report } from "../testing/small-report.js";

import { scanReportHtml } from "./scan-page.js";
import type { ScanReport } from "./scan-report.js";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

let browser: Browser | undefined;
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "report-"));
  if (CHROMIUM === undefined) return;
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [...FLAGS, "--disable-component-update", "--disable-sync"],
  });
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a report as a file, and collects what it asks for and complains of. */
async function opened(
  over: Partial<ScanReport>,
  scheme: "light" | "dark" = "light",
): Promise<{ readonly page: Page; readonly requests: string[]; readonly complaints: string[] } | undefined> {
  if (browser === undefined) return undefined;
  const path = join(folder, "report.html");
  writeFileSync(path, scanReportHtml({ ...report, ...over }));
  const page = await browser.newPage({ colorScheme: scheme, viewport: { width: 1200, height: 900 } });
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(pathToFileURL(path).href);
  return { page, requests, complaints };
}

const NO_BROWSER = "needs Chromium";

test("a browser loads nothing but the file, and its policy finds nothing to refuse", async (context) => {
  const shown = await opened({ title: `<script>alert(1)</script><img src="http://127.0.0.1:9/x" onerror="alert(2)">` });
  if (shown === undefined) return context.skip(NO_BROWSER);
  expect(shown.requests.filter((url) => !url.startsWith("data:image/png"))).toEqual([
    pathToFileURL(join(folder, "report.html")).href,
  ]);
  expect(shown.complaints).toEqual([]);
  expect(await shown.page.locator("h1").textContent()).toContain("<script>alert(1)</script>");
});

test("pictures have the scan's proportions, whatever its spacings", async (context) => {
  const shown = await opened({});
  if (shown === undefined) return context.skip(NO_BROWSER);
  const boxes = await shown.page.locator(".planes svg").evaluateAll((pictures) =>
    pictures.map((picture) => {
      const { width, height } = (
        picture as unknown as { getBoundingClientRect: () => { width: number; height: number } }
      ).getBoundingClientRect();
      return { width, height };
    }),
  );
  const [axial, coronal, sagittal] = boxes;
  if (axial === undefined || coronal === undefined || sagittal === undefined) throw new Error("expected three planes");
  expect(axial.width / axial.height).toBeCloseTo(60 / 60, 1);
  expect(coronal.width / coronal.height).toBeCloseTo(60 / 50, 1);
  expect(sagittal.width / sagittal.height).toBeCloseTo(60 / 50, 1);
  expect(axial.width).toBeGreaterThan(300);
});

test("the switch shows the outline, the probability or the bare scan, by keyboard too", async (context) => {
  const shown = await opened({});
  if (shown === undefined) return context.skip(NO_BROWSER);
  const outline = shown.page.locator(".planes .outline").first();
  const heat = shown.page.locator(".planes .heat").first();
  const outlineKey = shown.page.locator(".key:not(.heat)").first();
  const heatKey = shown.page.locator(".key.heat");
  const seen = async (): Promise<readonly boolean[]> =>
    Promise.all([outline, outlineKey, heat, heatKey].map((part) => part.isVisible()));
  expect(await seen()).toEqual([true, true, false, false]);
  await shown.page.getByLabel("probability").check();
  expect(await seen()).toEqual([false, false, true, true]);
  await shown.page.keyboard.press("ArrowRight");
  expect(await seen()).toEqual([false, false, false, false]);
});

test.for(["light", "dark"] as const)("all text is readable in the %s scheme", async (scheme, context) => {
  const shown = await opened({ warnings: ["one"], synthetic: true }, scheme);
  if (shown === undefined) return context.skip(NO_BROWSER);
  const pairs = await shown.page.evaluate(TEXT_COLOURS);
  expect(pairs.length).toBeGreaterThan(20);
  const poor = pairs.filter(({ ink, ground }) => contrast(rgbOf(ink), rgbOf(ground)) < 4.5);
  expect(poor).toEqual([]);
});

test("headings step down by one, sections have names, pictures have words", async (context) => {
  const shown = await opened({ warnings: ["one"] });
  if (shown === undefined) return context.skip(NO_BROWSER);
  const levels = await shown.page
    .locator("h1, h2, h3")
    .evaluateAll((found) => found.map((heading) => (heading as unknown as { tagName: string }).tagName));
  expect(levels[0]).toBe("H1");
  expect(new Set(levels.slice(1))).toEqual(new Set(["H2"]));
  expect(await shown.page.getByRole("region", { name: "Diagnosis" }).count()).toBe(1);
  expect(await shown.page.getByRole("img", { name: "Axial slice 5 of 10, outlined: lesion" }).count()).toBe(2);
  expect(await shown.page.locator("main, header, footer").count()).toBe(3);
});

interface Pair {
  readonly text: string;
  readonly ink: string;
  readonly ground: string;
}

/** In the page: each element with text of its own outside pictures, its colour, and the nearest ground behind it. */
const TEXT_COLOURS = `(() => {
  const pairs = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    if (text === "" || element.closest(".frame") || element.getClientRects().length === 0) continue;
    let at = element;
    while (at && getComputedStyle(at).backgroundColor === "rgba(0, 0, 0, 0)") at = at.parentElement;
    pairs.push({ text, ink: getComputedStyle(element).color, ground: at ? getComputedStyle(at).backgroundColor : "rgb(255, 255, 255)" });
  }
  return pairs;
})()` as unknown as () => readonly Pair[];

function rgbOf(colour: string): readonly number[] {
  return (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}

/** WCAG 2.1's contrast ratio. */
function contrast(ink: readonly number[], ground: readonly number[]): number {
  const [light = 0, dark = 0] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
