import { readFileSync } from "node:fs";

import { NETWORKS, parameterCount, resolveNetwork } from "@multirnet/networks";
import { expect, test } from "vitest";

const page = readFileSync(new URL("../docs/networks.md", import.meta.url), "utf8");

/** The cells of its tables, without heads and rules. */
const rows = page.split("\n").flatMap((line, index, lines) => {
  const head = lines[index + 1]?.startsWith("| ---") === true;
  return !line.startsWith("|") || line.startsWith("| ---") || head
    ? []
    : [
        line
          .slice(1, -1)
          .split("|")
          .map((cell) => cell.trim()),
      ];
});

test("the table of networks says what the registry says", () => {
  const known = NETWORKS.map(({ name, differs }) => {
    const parameters = parameterCount(resolveNetwork({ name }));
    return [`\`${name}\``, parameters.toLocaleString("en"), differs];
  });
  const written = rows.slice(0, known.length).map(([name, parameters, , , differs]) => [name, parameters, differs]);
  expect(written).toEqual(known);
});

test("where there are rules for the weights of a public implementation, the page says how near the whole network is to it", () => {
  const compared = rows.slice(0, NETWORKS.length).map(([name, , , whole = ""]) => [name, /^\d/.test(whole)]);
  expect(compared).toEqual(NETWORKS.map(({ name, references }) => [`\`${name}\``, references.length > 0]));
});

test("no cell of its tables is empty", () => {
  expect(rows.length).toBeGreaterThan(NETWORKS.length);
  expect(rows.filter((row) => row.includes(""))).toEqual([]);
});
