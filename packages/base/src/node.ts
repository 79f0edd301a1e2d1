/** What needs Node: files. Kept apart from `index.ts`, so that the rest runs in a browser. */
export { FileError, fileErrorOf, writeFileAtomically, type FileProblem } from "./atomic-file.js";
export { requireFreeFolder, writeFolderAtomically } from "./atomic-folder.js";
export { isTemporary, namesIn, sweepTemporaries, temporaryFor } from "./temporaries.js";
