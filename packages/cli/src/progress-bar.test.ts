import { expect, test } from "vitest";

import { duration, ProgressBar } from "./progress-bar.js";

test.each([
  [45_400, "45 s"],
  [200_000, "3 min 20 s"],
  [3_599_400, "59 min 59 s"],
  [7_199_000, "2 h 0 min"],
  [7_500_000, "2 h 5 min"],
])("%d ms are %s", (milliseconds, words) => {
  expect(duration(milliseconds)).toBe(words);
});

function drawn(isTTY: boolean): {
  readonly bar: ProgressBar;
  readonly texts: string[];
  readonly wait: (ms: number) => void;
} {
  const texts: string[] = [];
  let now = 0;
  const bar = new ProgressBar({ isTTY, write: (text) => texts.push(text) }, () => now);
  return { bar, texts, wait: (ms) => void (now += ms) };
}

test("on a terminal the bar is drawn over, and tells the time left", () => {
  const { bar, texts, wait } = drawn(true);
  bar.show(0, 4, "steps");
  wait(30_000);
  bar.show(1, 4, "steps");
  bar.clear();
  bar.show(4, 4, "steps");
  expect(texts).toEqual([
    "\r\x1b[2K[                        ] 0/4 steps",
    "\r\x1b[2K[======                  ] 1/4 steps, 1 min 30 s left",
    "\r\x1b[2K",
    "\r\x1b[2K[========================] 4/4 steps\n",
  ]);
});

test("elsewhere a line comes every ten seconds, and at the end", () => {
  const { bar, texts, wait } = drawn(false);
  for (let step = 0; step <= 4; step++) {
    bar.show(step, 4, "steps");
    wait(4_000);
  }
  expect(texts.map((text) => text.replace(/^\[.*\] /, ""))).toEqual([
    "0/4 steps\n",
    "3/4 steps, 4 s left\n",
    "4/4 steps\n",
  ]);
});
