export { lineChart, type LineChart, type Point, type Series } from "./figures/line-chart.js";
export { html, type Html, type Part } from "./page/html.js";
export { pageHtml } from "./page/page.js";
export { reportOf, type ReportedScan } from "./scan/report-of-finding.js";
export { scanReportHtml } from "./scan/scan-page.js";
export type { Fact, LesionRow, Likelihood, ScanReport, TrainedOn } from "./scan/scan-report.js";
