import { TORCH_COUNTER, TORCH_NORM, type NameRule, type Reference, type ReferenceHead } from "../reference.js";

/** MONAI's losses and its bundles take a softmax, the background first, where there is more than one output. */
const SOFTMAX_HEAD: ReferenceHead = { tensors: /^head\./, outputs: "softmax" };

/** MONAI's convolution unit: convolution, then activation, dropout and norm in a part `adn`. */
const UNIT: readonly NameRule[] = [
  [/\.conv_(\d)\.conv\./, ".units.$1.unit.convolution."],
  [/\.conv_(\d)\.adn\.N\./, ".units.$1.unit.norm."],
];

export const MONAI_BASIC_UNET: Reference = {
  name: "monai",
  source: "Project-MONAI/MONAI monai/networks/nets/basic_unet.py",
  options: { preset: "monai" },
  head: SOFTMAX_HEAD,
  rules: [
    [/^conv_0\./, "encoder.0."],
    [/^down_(\d)\.convs\./, "encoder.$1."],
    [/^upcat_4\./, "decoder.0."],
    [/^upcat_3\./, "decoder.1."],
    [/^upcat_2\./, "decoder.2."],
    [/^upcat_1\./, "decoder.3."],
    [/\.upsample\.deconv\./, ".up."],
    [/\.convs\./, ".convolutions."],
    ...UNIT,
    [/^final_conv\./, "head."],
  ],
  ignored: [],
};

export const MONAI_BASIC_UNETPP: Reference = {
  name: "monai",
  source: "Project-MONAI/MONAI monai/networks/nets/basic_unetplusplus.py",
  head: { tensors: /^heads\./, outputs: "softmax" },
  rules: [
    [/^conv_0_0\./, "encoder.0."],
    [/^conv_(\d)_0\.convs\./, "encoder.$1."],
    [/^upcat_(\d)_1\./, "columns.0.$1."],
    [/^upcat_(\d)_2\./, "columns.1.$1."],
    [/^upcat_(\d)_3\./, "columns.2.$1."],
    [/^upcat_(\d)_4\./, "columns.3.$1."],
    [/\.upsample\.deconv\./, ".up."],
    [/\.convs\./, ".convolutions."],
    ...UNIT,
    [/^final_conv_0_1\./, "heads.0."],
    [/^final_conv_0_2\./, "heads.1."],
    [/^final_conv_0_3\./, "heads.2."],
    [/^final_conv_0_4\./, "heads.3."],
  ],
  ignored: [],
};

/** It nests each level in the one above: `1.submodule` once for each level down. */
const DEPTH: readonly NameRule[] = [4, 3, 2, 1].flatMap((depth): NameRule[] => {
  const nested = `^model\\.1\\.${"submodule\\.1\\.".repeat(depth - 1)}`;
  return [
    [new RegExp(`${nested}submodule\\.(?:0\\.)?conv\\.(\\d)\\.`), `encoder.${String(depth)}.units.$1.`],
    [new RegExp(`${nested}(attention|upconv|merge)\\.`), `decoder.${String(4 - depth)}.$1.`],
  ];
});

export const MONAI_ATTENTION_UNET: Reference = {
  name: "monai",
  source: "Project-MONAI/MONAI monai/networks/nets/attentionunet.py",
  head: SOFTMAX_HEAD,
  rules: [
    [/^model\.0\.conv\.(\d)\./, "encoder.0.units.$1."],
    ...DEPTH,
    [/^(encoder\.\d\.units\.\d)\.conv\./, "$1.unit.convolution."],
    [/^(encoder\.\d\.units\.\d)\.adn\.N\./, "$1.unit.norm."],
    [/\.attention\.W_g\.0\.conv\./, ".gate.ofGate.convolution."],
    [/\.attention\.W_g\.1\./, ".gate.ofGate.norm."],
    [/\.attention\.W_x\.0\.conv\./, ".gate.ofSkip.convolution."],
    [/\.attention\.W_x\.1\./, ".gate.ofSkip.norm."],
    [/\.attention\.psi\.0\.conv\./, ".gate.score.convolution."],
    [/\.attention\.psi\.1\./, ".gate.score.norm."],
    [/\.upconv\.up\.conv\./, ".up."],
    [/\.upconv\.up\.adn\.N\./, ".upNorm."],
    [/\.merge\.conv\./, ".merge."],
    [/\.merge\.adn\.A\.weight$/, ".slope"],
    [/^model\.2\.conv\./, "head."],
    ...TORCH_NORM,
  ],
  ignored: [TORCH_COUNTER],
};
