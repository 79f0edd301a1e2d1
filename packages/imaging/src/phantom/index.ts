export {
  makePhantom,
  PHANTOM_DESCRIPTION,
  PHANTOM_SIZE,
  phantomDiagnosis,
  type Phantom,
  type PhantomOptions,
} from "./phantom.js";
export { LESION_LABEL } from "./lesions.js";
export { LUNG_LABEL } from "./lungs.js";
export { bestHuBand, type BandCase, type HuBand } from "./hu-band.js";
