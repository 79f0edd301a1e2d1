import { writeFileSync } from "node:fs";

import { generatedPath, generatedSource } from "./sources.js";

writeFileSync(generatedPath, await generatedSource());
