/** "2026-03-04T05:06:07.000Z" as "2026-03-04 05:06 UTC"; anything else as it is. */
export function dateText(iso: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z?)$/.exec(iso);
  return parts === null ? iso : `${parts[1] ?? ""} ${parts[2] ?? ""}${parts[3] === "Z" ? " UTC" : ""}`;
}
