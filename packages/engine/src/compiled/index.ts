export { compile, type Compiled } from "./compiled.js";
