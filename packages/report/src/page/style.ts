/**
 * The common look. Text has a contrast of at least 4.5 to 1 in both schemes; series and lesion types differ in hue, in lightness
 * and in dashes (after Okabe and Ito's palette), so no meaning hangs on hue alone. Pictures of scans are black in both schemes.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4f6f8; --sheet: #ffffff; --ink: #17212b; --faint: #4c5a68; --rule: #d5dce3;
  --accent: #0b5cad; --bar: #0b5cad; --bar-rest: #dfe6ed;
  --warn-ground: #fff3d1; --warn-ink: #523000; --warn-rule: #b45309;
  --series-1: #0060a8; --series-2: #b84a00; --series-3: #00795a; --series-4: #a04a86; --series-5: #5a5a5a; --series-6: #7a5c00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1318; --sheet: #171e25; --ink: #e8eef4; --faint: #a8b6c4; --rule: #2f3a45;
    --accent: #7cc0ff; --bar: #58a9f0; --bar-rest: #2a343f;
    --warn-ground: #33260a; --warn-ink: #ffdf9e; --warn-rule: #e0a020;
    --series-1: #56b4e9; --series-2: #ff9d57; --series-3: #35c79a; --series-4: #e29ccc; --series-5: #bdbdbd; --series-6: #e8cf4a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", Arial, sans-serif; }
header, main, footer { max-width: 1360px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 28px; }
h1 { font-size: 27px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 0 0 12px; }
h3 { font-size: 15px; margin: 14px 0 8px; }
p { margin: 0 0 10px; }
a { color: var(--accent); }
.faint, figcaption, .unit { color: var(--faint); }
.badge { display: inline-block; border: 1px solid var(--warn-rule); background: var(--warn-ground); color: var(--warn-ink);
  border-radius: 999px; padding: 1px 12px; font-size: 14px; font-weight: 600; }
.notice { border-left: 4px solid var(--accent); background: var(--sheet); padding: 8px 14px; margin: 14px 0 0; }
.warnings { border: 1px solid var(--warn-rule); border-left-width: 6px; background: var(--warn-ground); color: var(--warn-ink);
  border-radius: 8px; padding: 12px 18px; }
.warnings h2 { margin-bottom: 4px; }
.warnings ul { margin: 0; padding-left: 20px; }
main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; padding-top: 16px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 16px; }
section.sheet { background: var(--sheet); border: 1px solid var(--rule); border-radius: 10px; padding: 18px 20px; }
section > :last-child { margin-bottom: 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 12px 5px 0; border-bottom: 1px solid var(--rule); vertical-align: baseline; }
thead th { color: var(--faint); font-weight: 600; font-size: 14px; }
tbody tr:last-child > * { border-bottom: 0; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.number + td:not(.number), th.number + th:not(.number) { padding-left: 14px; }
.scroll { overflow-x: auto; }
.scroll + p { margin-top: 10px; }
.likelihood th { font-weight: 400; width: 1%; white-space: nowrap; padding-right: 16px; }
.likelihood tr.first th, .likelihood tr.first td { font-weight: 700; }
.likelihood td.number { width: 1%; padding-left: 14px; padding-right: 0; }
.bar { display: block; height: 14px; border-radius: 7px; background: var(--bar-rest); overflow: hidden; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.bar > span { display: block; height: 100%; background: var(--bar); }
.likelihood tr:not(.first) .bar > span { opacity: 0.6; }
dl { margin: 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 14px 20px; }
.facts dt { color: var(--faint); font-size: 14px; }
.facts dd { margin: 0; font-size: 22px; font-weight: 650; line-height: 1.3; }
.facts dd.absent { font-size: 15px; font-weight: 400; }
.facts .unit { font-size: 15px; font-weight: 400; }
.terms { display: grid; grid-template-columns: minmax(110px, max-content) 1fr; gap: 6px 18px; }
.terms dt { color: var(--faint); }
.terms dd { margin: 0; overflow-wrap: anywhere; }
.heading { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 4px 24px; margin-bottom: 12px; }
.heading h2 { margin: 0; }
.show { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 14px; }
.show legend { float: left; padding: 0; margin-right: 16px; color: var(--faint); }
.planes + p, .montage + p { margin-top: 10px; }
.planes { display: flex; flex-wrap: wrap; gap: 14px; align-items: flex-start; }
figure { margin: 0; min-width: 0; }
.planes figure { min-width: min(220px, 100%); }
figcaption { font-size: 14px; padding-top: 6px; }
figcaption b { color: var(--ink); }
.frame { position: relative; background: #000; border-radius: 4px; overflow: hidden; color: #fff; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.frame svg { display: block; width: 100%; height: 100%; }
.frame .letter, .frame .length, .frame .number { position: absolute; font-size: 13px; font-weight: 600; line-height: 1; color: #fff; filter: drop-shadow(0 0 1px #000) drop-shadow(0 0 2px #000); }
.letter.left { left: 6px; top: 50%; transform: translateY(-50%); }
.letter.right { right: 6px; top: 50%; transform: translateY(-50%); }
.letter.top { top: 6px; left: 50%; transform: translateX(-50%); }
.letter.bottom { bottom: 6px; left: 50%; transform: translateX(-50%); }
.length { left: 10px; bottom: 8px; border-bottom: 2px solid #fff; padding-bottom: 4px; white-space: nowrap; }
.outline path { fill: none; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.outline .halo { stroke: #000; stroke-opacity: 0.55; stroke-width: 3.2px; }
.outline .lesion-1 { stroke: #ffc61a; stroke-width: 1.6px; }
.outline .lesion-2 { stroke: #4fd8ff; stroke-width: 1.8px; stroke-dasharray: 5 3; }
.outline .lesion-3 { stroke: #ff8ad8; stroke-width: 1.6px; stroke-dasharray: 2 2.5; }
.cross { stroke: #9fd0ff; stroke-opacity: 0.75; stroke-width: 1px; vector-effect: non-scaling-stroke; }
.heat, .key.heat { display: none; }
body:has(#show-probability:checked) .heat { display: inline; }
body:has(#show-probability:checked) .key.heat { display: inline-flex; }
body:has(#show-probability:checked, #show-scan:checked) :is(.outline, .key:not(.heat)) { display: none; }
.key { display: inline-flex; align-items: center; gap: 6px; margin-right: 16px; white-space: nowrap; }
.key svg { width: 30px; height: 12px; background: #333; border-radius: 3px; }
.ramp { width: 60px; height: 12px; border-radius: 3px; background: linear-gradient(to right, #333, #8a3d1e 25%, #c07030 50%, #c8a53a); }
.montage { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(190px, 45%), 1fr)); gap: 8px; }
.montage img { display: block; width: 100%; border-radius: 4px; image-rendering: pixelated; }
pre { font: 13px/1.45 ui-monospace, "Noto Sans Mono", monospace; margin: 8px 0 0; }
.montage .number { left: 6px; top: 6px; }
.chart { width: 100%; height: auto; max-width: 860px; display: block; }
.chart text { fill: var(--ink); font-size: 13px; }
.chart .tick { fill: var(--faint); }
.chart .grid { stroke: var(--rule); stroke-width: 1; }
.chart .axis { stroke: var(--faint); stroke-width: 1; }
.chart .dot { stroke: none; }
.chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
footer { padding-top: 18px; padding-bottom: 36px; color: var(--faint); font-size: 14px; }
@media print {
  :root { --ground: #fff; --sheet: #fff; --ink: #000; --faint: #333; --rule: #bbb; --accent: #004a8f; --bar: #004a8f; --bar-rest: #ddd;
    --warn-ground: #fff; --warn-ink: #000; --warn-rule: #000; }
  body { font-size: 11pt; }
  header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  .show { display: none; }
  section.sheet { border: 0; padding: 0; }
  main { gap: 18pt; }
  section, figure, tr { break-inside: avoid; }
  .montage { grid-template-columns: repeat(4, 1fr); }
  .planes { flex-wrap: nowrap; }
}
`;
