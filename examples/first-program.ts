import {
  findInScan,
  loadModel,
  readLabels,
  readScan,
  segmentationScores,
  toJson,
  volumeMl,
  writeNifti,
} from "multirnet";

const { volume: scan } = await readScan("examples/phantom/scan.nii.gz");
const { network, card } = await loadModel("models/phantom-joint-small");
const { lesions, disease = [] } = await findInScan(network, scan, card);

console.log(`${volumeMl(lesions).toFixed(0)} ml of lesions`);
for (const { name, probability } of disease) console.log(`${name}: ${(100 * probability).toFixed(0)} %`);

const { volume: truth } = await readLabels("examples/phantom/lesions.nii.gz");
console.log("V-DSC", toJson(segmentationScores(truth, lesions).vdsc));
await writeNifti("out/lesions.nii.gz", lesions);
