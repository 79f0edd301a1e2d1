import { nearestName, RandomSource } from "@multirnet/base";
import { scope } from "@multirnet/engine";
import type { z } from "zod";

import {
  ATTENTION_UNET_MULTIPLE,
  AttentionUnet,
  attentionUnetOptions,
  attentionUnetPresets,
} from "./baselines/attention-unet.js";
import { COVNET, COVNET_BACKBONE, CovNet, COVNET_MULTIPLE, covnetOptions, covnetPresets } from "./baselines/covnet.js";
import {
  DENSENET_MULTIPLE,
  DenseNet,
  densenetOptions,
  densenetPresets,
  MONAI_DENSENET,
  TORCHVISION_DENSENET,
} from "./baselines/densenet.js";
import { INFNET, INFNET_BACKBONE, InfNet, INFNET_MULTIPLE, infnetOptions, infnetPresets } from "./baselines/infnet.js";
import { JCS, Jcs, JCS_BACKBONE, JCS_MULTIPLE, jcsOptions, jcsPresets } from "./baselines/jcs.js";
import { MedT, MEDT_MULTIPLE, MEDT_REFERENCES, medtOptions, medtPresets } from "./baselines/medt.js";
import {
  Res2Net,
  RES2NET_MULTIPLE,
  RES2NET_PLAIN,
  RES2NET_V1B,
  res2netOptions,
  res2netPresets,
} from "./baselines/res2net.js";
import {
  TRANSUNET_MULTIPLE,
  TRANSUNET_NPZ,
  TRANSUNET_TORCH,
  TransUnet,
  transunetOptions,
  transunetPresets,
} from "./baselines/transunet.js";
import { MONAI_ATTENTION_UNET, MONAI_BASIC_UNET, MONAI_BASIC_UNETPP } from "./baselines/monai-unets.reference.js";
import { Unet, unetMultiple, unetOptions, unetPresets } from "./baselines/unet.js";
import { Unetpp, UNETPP_MULTIPLE, unetppOptions, unetppPresets } from "./baselines/unetpp.js";
import { Vnet, VNET_MONAI, VNET_MULTIPLE, VNET_PYTORCH, vnetOptions, vnetPresets } from "./baselines/vnet.js";
import { ZhouNet, zhouOptions, zhouPresets } from "./baselines/zhou.js";
import { NetworkError } from "./errors.js";
import { Undrawn } from "./layers/initial.js";
import { MultirNet } from "./multirnet/multirnet.js";
import { multirnetOptions, multirnetPresets } from "./multirnet/options.js";
import { SIZE_MULTIPLE } from "./multirnet/segmentation-subnet.js";
import type { Network, Task } from "./network.js";
import { optionError, presetError } from "./option-error.js";
import type { Reference } from "./reference.js";

/** What the registry knows of a network. A new one is one file and one entry here; its recipe is `learning`'s. */
export interface NetworkEntry<Options = unknown> {
  readonly name: string;
  readonly tasks: readonly Task[]; // the first is the default
  readonly dims: 2 | 3;
  readonly resizes?: true; // slices of any size are brought to the side that its positions were learned for
  readonly stack?: true; // it takes all slices of a scan together, N×S×C×H×W
  readonly input: readonly number[]; // default region, C×D×H×W
  readonly multipleOf: number | ((options: Options) => number); // each side of a region is a multiple of this
  readonly levels: number; // coarser outlines that deep supervision can weigh
  readonly edges?: true; // it outlines the lesions' edges too, which `loss.edge` can weigh
  readonly cites: string;
  readonly differs: string; // what is not as published, and why; never empty
  readonly references: readonly Reference[]; // public implementations whose weights can be taken over
  readonly options: z.ZodType<Options>;
  readonly presets: Readonly<Record<string, object>>;
  readonly create: (options: Options, init: RandomSource) => Network;
}

/** Hides the type of the options; what `create` gets has been through `options`. */
const entry = <Options>(known: NetworkEntry<Options>): NetworkEntry => known as NetworkEntry;

/** A diagnosis network of a whole region, and its form for single slices, which stand three times as channels. */
const SHAPES = [
  { suffix: "", dims: 3, input: [1, 32, 96, 96] },
  { suffix: "-2d", dims: 2, input: [3, 224, 224] },
] as const;

export const NETWORKS: readonly NetworkEntry[] = [
  entry({
    name: "multirnet",
    tasks: ["joint", "segmentation", "diagnosis"],
    dims: 3,
    input: [1, 32, 96, 96],
    multipleOf: SIZE_MULTIPLE,
    levels: 4,
    cites: "Li et al., Computers in Biology and Medicine 144:105340, 2022",
    differs:
      "what the paper leaves open is an option: norms, activations, fusion weights, classifier widths, the first pass's map (zeros)",
    references: [], // no public one
    options: multirnetOptions,
    presets: multirnetPresets,
    create: (options, init) => new MultirNet(options, init),
  }),
  entry({
    name: "vnet",
    tasks: ["segmentation"],
    dims: 3,
    input: [1, 32, 96, 96],
    multipleOf: VNET_MULTIPLE,
    levels: 0,
    cites: "Milletari et al., 3DV 2016; the form of mattmacy/vnet.pytorch and MONAI nets/vnet.py",
    differs:
      "running statistics in evaluation, as in MONAI's; with more than one lesion type each is held against the background alone, so that they can overlap, in place of a softmax over all",
    references: [VNET_MONAI, VNET_PYTORCH],
    options: vnetOptions,
    presets: vnetPresets,
    create: (options, init) => new Vnet(options, init),
  }),
  entry({
    name: "unet3d",
    tasks: ["segmentation"],
    dims: 3,
    input: [1, 32, 96, 96],
    multipleOf: unetMultiple,
    levels: 0,
    cites: "Çiçek et al., MICCAI 2016; variant monai: MONAI nets/basic_unet.py",
    differs: "convolutions are padded, so that the outline has the size of the region; a sigmoid channel a lesion type",
    references: [MONAI_BASIC_UNET],
    options: unetOptions,
    presets: unetPresets,
    create: (options, init) => new Unet({ name: "unet3d", dims: 3 }, options, init),
  }),
  entry({
    name: "unetpp3d",
    tasks: ["segmentation"],
    dims: 3,
    input: [1, 32, 96, 96],
    multipleOf: UNETPP_MULTIPLE,
    levels: 3,
    cites: "Zhou et al., DLMIA 2018; the form of MONAI nets/basic_unetplusplus.py",
    differs:
      "3-D convolutions; the last head is the outline and heads are never averaged; a sigmoid channel a lesion type",
    references: [MONAI_BASIC_UNETPP],
    options: unetppOptions,
    presets: unetppPresets,
    create: (options, init) => new Unetpp({ name: "unetpp3d", dims: 3 }, options, init),
  }),
  entry({
    name: "unet2d",
    tasks: ["segmentation"],
    dims: 2,
    input: [3, 352, 352],
    multipleOf: unetMultiple,
    levels: 0,
    cites: "Ronneberger et al., MICCAI 2015; the form of `unet3d`, slice by slice",
    differs:
      "as `unet3d`, of which it is the 2-D form: batch norm, half as wide a first convolution a level; a sigmoid channel a lesion type",
    references: [], // shares every line with unet3d, which is compared
    options: unetOptions,
    presets: unetPresets,
    create: (options, init) => new Unet({ name: "unet2d", dims: 2 }, options, init),
  }),
  entry({
    name: "unetpp2d",
    tasks: ["segmentation"],
    dims: 2,
    input: [3, 352, 352],
    multipleOf: UNETPP_MULTIPLE,
    levels: 3,
    cites: "Zhou et al., DLMIA 2018; the form of `unetpp3d`, slice by slice",
    differs: "as `unetpp3d`, of which it is the 2-D form; a sigmoid channel a lesion type",
    references: [], // shares every line with unetpp3d, which is compared
    options: unetppOptions,
    presets: unetppPresets,
    create: (options, init) => new Unetpp({ name: "unetpp2d", dims: 2 }, options, init),
  }),
  entry({
    name: "attention-unet",
    tasks: ["segmentation"],
    dims: 3,
    input: [1, 32, 96, 96],
    multipleOf: ATTENTION_UNET_MULTIPLE,
    levels: 0,
    cites: "Oktay et al., MIDL 2018; the form of MONAI nets/attentionunet.py",
    differs:
      "strided convolutions in place of pooling, gates at the skip's own size, no deep supervision, as in MONAI; a sigmoid channel a lesion type",
    references: [MONAI_ATTENTION_UNET],
    options: attentionUnetOptions,
    presets: attentionUnetPresets,
    create: (options, init) => new AttentionUnet(options, init),
  }),
  entry({
    name: "zhou",
    tasks: ["joint"],
    dims: 3,
    input: [1, 32, 96, 96],
    multipleOf: VNET_MULTIPLE,
    levels: 0,
    cites: "Zhou et al., Medical Image Analysis 70:101918, 2021",
    differs:
      "no public implementation; V-Net as `vnet` has it, a background channel included, a first map of zeros, dropout before the linear layer",
    references: [], // none public
    options: zhouOptions,
    presets: zhouPresets,
    create: (options, init) => new ZhouNet(options, init),
  }),
  ...([121, 201] as const).flatMap((depth) =>
    SHAPES.map(({ suffix, dims, input }) => {
      const name = `densenet${String(depth)}${suffix}`;
      return entry({
        name,
        tasks: ["diagnosis"],
        dims,
        input,
        multipleOf: DENSENET_MULTIPLE,
        levels: 0,
        cites: "Huang et al., CVPR 2017; the form of MONAI nets/densenet.py",
        differs: dims === 3 ? "3-D convolutions and pooling throughout, as in MONAI" : "nothing",
        references: dims === 2 ? [MONAI_DENSENET, TORCHVISION_DENSENET] : [MONAI_DENSENET],
        options: densenetOptions[depth],
        presets: densenetPresets(depth),
        create: (options, init) => new DenseNet({ name, dims, channels: input[0] }, options, init),
      });
    }),
  ),
  ...SHAPES.map(({ suffix, dims, input }) => {
    const name = `res2net50${suffix}`;
    return entry({
      name,
      tasks: ["diagnosis"],
      dims,
      input,
      multipleOf: RES2NET_MULTIPLE,
      levels: 0,
      cites:
        "Gao et al., TPAMI 43(2), 2021; v1b as in DengPingFan/Inf-Net backbone/Res2Net.py, plain as in Res2Net/Res2Net-PretrainedModels",
      differs:
        dims === 3
          ? "3-D convolutions and pooling throughout; a single channel in"
          : "nothing but the number of classes",
      references: dims === 2 ? [RES2NET_V1B, RES2NET_PLAIN] : [],
      options: res2netOptions,
      presets: res2netPresets,
      create: (options, init) => new Res2Net({ name, dims, channels: input[0] }, options, init),
    });
  }),
  entry({
    name: "infnet",
    tasks: ["segmentation"],
    dims: 2,
    input: [3, 352, 352],
    multipleOf: INFNET_MULTIPLE,
    levels: 3,
    edges: true,
    cites: "Fan et al., IEEE TMI 39(8), 2020; DengPingFan/Inf-Net",
    differs:
      "the backbone's 1000-way head, which nothing uses, is left out (2,049,000 parameters); a channel a lesion type",
    references: [INFNET, INFNET_BACKBONE],
    options: infnetOptions,
    presets: infnetPresets,
    create: (options, init) => new InfNet(options, init),
  }),
  entry({
    name: "covnet",
    tasks: ["diagnosis"],
    dims: 2,
    stack: true,
    input: [3, 224, 224],
    multipleOf: COVNET_MULTIPLE,
    levels: 0,
    cites: "Li et al., Radiology 296(2), 2020; bkong999/COVNet",
    differs:
      "starts from random weights, which its authors' did not; norms' scales are learned; sees what all networks do, -1000 to 400 HU, in place of -1250 to 250 in the lungs alone",
    references: [COVNET, COVNET_BACKBONE],
    options: covnetOptions,
    presets: covnetPresets,
    create: (options, init) => new CovNet(options, init),
  }),
  entry({
    name: "medt",
    tasks: ["segmentation"],
    dims: 2,
    resizes: true,
    input: [3, 128, 128],
    multipleOf: MEDT_MULTIPLE,
    levels: 0,
    cites: "Valanarasu et al., MICCAI 2021; jeya-maria-jose/Medical-Transformer",
    differs: "35,570 parameters that nothing uses are left out; a sigmoid channel a lesion type in place of a softmax",
    references: MEDT_REFERENCES,
    options: medtOptions,
    presets: medtPresets,
    create: (options, init) => new MedT(options, init),
  }),
  entry({
    name: "transunet",
    tasks: ["segmentation"],
    dims: 2,
    resizes: true,
    input: [3, 224, 224],
    multipleOf: TRANSUNET_MULTIPLE,
    levels: 0,
    cites: "Chen et al., 2021, R50-ViT-B/16; Beckschen/TransUNet",
    differs: "a sigmoid channel a lesion type in place of a softmax over classes",
    references: [TRANSUNET_TORCH, TRANSUNET_NPZ],
    options: transunetOptions,
    presets: transunetPresets,
    create: (options, init) => new TransUnet(options, init),
  }),
  entry({
    name: "jcs",
    tasks: ["segmentation"],
    dims: 2,
    input: [3, 352, 352],
    multipleOf: JCS_MULTIPLE,
    levels: 4,
    cites: "Wu et al., IEEE TIP 30, 2021; yuhuan-wu/JCS Models/joint_model.py",
    differs:
      "logits in place of probabilities; a channel a lesion type; the classifier that gives a diagnosis is a network of its own (res2net50-2d with 101 layers' blocks)",
    references: [JCS, JCS_BACKBONE],
    options: jcsOptions,
    presets: jcsPresets,
    create: (options, init) => new Jcs(options, init),
  }),
];

/** @throws NetworkError NETWORK_UNKNOWN */
export function networkEntry(name: string): NetworkEntry {
  const found = NETWORKS.find((known) => known.name === name);
  if (found !== undefined) return found;
  const known = NETWORKS.map((network) => network.name);
  throw new NetworkError({ code: "NETWORK_UNKNOWN", name, known, nearest: nearestName(name, known) });
}

/** A network by name, with its options resolved: every key present. */
export interface NetworkSpec {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Fills in a network's options: the preset's, then the given ones over them, then defaults.
 *
 * @param given `name`, `preset` (full where absent) and any of the network's options
 * @throws NetworkError NETWORK_UNKNOWN, NETWORK_OPTION with the key, what was expected and what came
 */
export function resolveNetwork(
  given: { readonly name: string; readonly preset?: string } & Record<string, unknown>,
): NetworkSpec {
  const { name, preset = "full", ...overrides } = given;
  const { options, presets } = networkEntry(name);
  if (!Object.hasOwn(presets, preset)) throw presetError(name, Object.keys(presets), preset);
  const chosen = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const whole: Record<string, unknown> = { ...presets[preset], ...chosen };
  const parsed = options.safeParse(whole);
  if (!parsed.success) throw optionError(name, options, whole, parsed.error);
  return { name, options: parsed.data as Record<string, unknown> };
}

/** What each side of a region is a multiple of. */
export function sideMultiple({ name, options }: NetworkSpec): number {
  const { multipleOf } = networkEntry(name);
  return typeof multipleOf === "number" ? multipleOf : multipleOf(options);
}

/** Makes a network with fresh weights, the same for the same seed. */
export function createNetwork({ name, options }: NetworkSpec, seed: number): Network {
  return scope(() => networkEntry(name).create(options, new RandomSource(seed, "init", name)));
}

/** Makes a network for weights that a file will fill; until then those that would be drawn are 0. Drawing 48 million takes seconds. */
export function undrawnNetwork({ name, options }: NetworkSpec): Network {
  return scope(() => networkEntry(name).create(options, new Undrawn()));
}

/** What a network does: what its option says, or the one thing that it can. */
export function taskOf({ name, options }: NetworkSpec): Task {
  return (options["task"] ?? networkEntry(name).tasks[0]) as Task;
}

/** The classes of the disease head and the types of the lesion head, as the resolved options have them. */
export function headsOf({ options }: NetworkSpec): {
  readonly classes: readonly string[];
  readonly lesions: readonly string[];
} {
  return { classes: (options["classes"] ?? []) as string[], lesions: (options["lesions"] ?? []) as string[] };
}
