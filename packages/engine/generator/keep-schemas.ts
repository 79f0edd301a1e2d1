import { readFileSync, writeFileSync } from "node:fs";

import { keepWanted, schemaPath } from "./sources.js";

// Keeps of a list of all schemas of a libtorch those that the table wants: keep-schemas.ts VERSION FILE
const [version, file] = process.argv.slice(2);
if (version === undefined || file === undefined) throw new Error("expected: keep-schemas.ts VERSION FILE");
writeFileSync(schemaPath(version), keepWanted(readFileSync(file, "utf8")));
