"""Golden numbers of the other networks, from their public implementations: python3 scripts/golden/references.py FOLDER [NAME...]

FOLDER holds checkouts of DengPingFan/Inf-Net, jeya-maria-jose/Medical-Transformer, Beckschen/TransUNet, yuhuan-wu/JCS, bkong999/COVNet,
Res2Net/Res2Net-PretrainedModels and Project-MONAI/MONAI under their own names; they are imported and not copied. Writes
packages/networks/src/baselines/NAME.golden.json. Needs Debian's python3-torch and python3-numpy. Networks are made small where
their own code lets them; dropout is 0, as no two libraries draw the same numbers.
"""

import sys
from pathlib import Path

from torch import nn

import checkouts
import golden_file

CHECKOUTS = Path(sys.argv[1]).resolve()
WANTED = sys.argv[2:]


def write(name, used, cases, network=None):
    if not WANTED or name in WANTED:
        golden_file.write(f"baselines/{name}", network or name, golden_file.origin("references", *(CHECKOUTS / name for name in used)), [golden_file.of_case(case) for case in cases()])


def narrow_res2net(network, module, planes, blocks, v1b, norm=nn.BatchNorm2d):
    """Makes a Res2Net as narrow as `planes`: its stem and stages anew, by its own builder."""
    half = planes // 2
    if v1b:
        network.conv1 = nn.Sequential(
            nn.Conv2d(3, half, 3, 2, 1, bias=False), norm(half), nn.ReLU(),
            nn.Conv2d(half, half, 3, 1, 1, bias=False), norm(half), nn.ReLU(),
            nn.Conv2d(half, planes, 3, 1, 1, bias=False),
        )
    else:
        network.conv1 = nn.Conv2d(3, planes, kernel_size=7, stride=2, padding=3, bias=False)
    network.bn1 = norm(planes)
    network.inplanes = planes
    for stage, count in enumerate(blocks):
        layer = network._make_layer(module.Bottle2neck, planes * 2**stage, count, stride=1 if stage == 0 else 2)
        setattr(network, f"layer{stage + 1}", layer)
    return network


def narrow_classifier(module, variant, blocks):
    """A Res2Net of ten planes with a head of three classes."""
    planes = 10
    network = module.Res2Net(module.Bottle2neck, [1, 1, 1, 1])
    narrow_res2net(network, module, planes, blocks, variant == "v1b")
    network.fc = nn.Linear(32 * planes, len(CLASSES))
    return network


CLASSES = ["a", "b", "c"]


def densenet(dims):
    def cases():
        checkouts.use(CHECKOUTS, "MONAI")
        from monai.networks.nets.densenet import DenseNet

        channels = 1 if dims == 3 else 3
        yield {
            "name": f"DenseNet in {dims}-D",
            "reference": "monai",
            "network": DenseNet(dims, channels, 3, init_features=4, growth_rate=3, block_config=(1, 2, 1, 2)),
            "heads": ["disease"],
            "shape": (2, 1, 32, 64, 96) if dims == 3 else (2, 3, 64, 96),
            "options": {"classes": CLASSES, "blocks": [1, 2, 1, 2], "growth": 3, "first": 4},
            "gradients": [
                "features.conv0.weight",
                "features.denseblock2.denselayer2.layers.conv2.weight",
                "features.transition3.norm.weight",
                "class_layers.out.weight",
            ],
        }

    return cases


def res2net():
    blocks = [1, 2, 1, 1]
    gradients = ["layer1.0.convs.1.weight", "layer2.1.bn3.weight", "layer4.0.conv3.weight", "fc.weight"]

    def case(variant, module, further):
        return {
            "name": variant,
            "reference": variant,
            "network": narrow_classifier(module, variant, blocks),
            "heads": ["disease"],
            "shape": (2, 3, 64, 96),
            "options": {"classes": CLASSES, "blocks": blocks, "planes": 10, "variant": variant},
            "gradients": [*further, *gradients],
        }

    _, v1b = checkouts.infnet(CHECKOUTS)
    yield case("v1b", v1b, ["conv1.0.weight", "layer3.0.downsample.1.weight"])
    plain = checkouts.res2net_plain(CHECKOUTS)
    yield case("plain", plain, ["conv1.weight", "layer3.0.downsample.0.weight"])


def infnet():
    module, backbone = checkouts.infnet(CHECKOUTS)
    # Its widths are written into its forward; only the backbone's depth is less here.
    module.res2net50_v1b_26w_4s = lambda pretrained: backbone.Res2Net(backbone.Bottle2neck, [1, 2, 1, 1])
    yield {
        "name": "Inf-Net, a backbone of five blocks",
        "reference": "torch",
        "network": module.Inf_Net(channel=8),
        "heads": ["auxiliary.global", "auxiliary.map4", "auxiliary.map3", "lesion", "auxiliary.edge"],
        "shape": (2, 3, 64, 96),
        "options": {"lesions": ["lesion"], "blocks": [1, 2, 1, 1], "width": 8},
        "gradients": [
            "resnet.conv1.0.weight",
            "rfb3_1.branch2.2.conv.weight",
            "ParDec.conv_upsample5.conv.weight",
            "ra4_conv3.conv.weight",
            "ra2_conv4.bn.weight",
            "edge_conv2.conv.weight",
        ],
    }


def medt():
    module = checkouts.medt(CHECKOUTS)
    shape = (2, 3, 128, 128)
    lesions = ["a", "b"]
    stem = ["conv2.weight", "layer2.1.hight_block.relative", "layer2.0.width_block.qkv_transform.weight", "decoder5.weight"]
    for name, options, more in (
        ("MedT", {"variant": "medt"}, ["layer3_p.2.conv_up.weight", "decoder1_p.weight", "decoderf.bias"]),
        ("logo", {"variant": "logo"}, ["layer4_p.0.width_block.relative", "decoderf.weight"]),
        ("gated", {"variant": "gated"}, ["layer4.0.hight_block.relative", "decoder1.weight"]),
        ("axialunet", {"variant": "axial"}, ["layer3.3.width_block.bn_output.weight", "adjust.weight"]),
    ):
        yield {
            "name": name,
            "reference": "medt" if name in ("MedT", "logo") else "axial",
            "dtype": "float64",  # its gradients in 32 bits are off by some per cent, in PyTorch too
            "network": getattr(module, name)(img_size=128, imgchan=3),
            "heads": ["lesion"],
            "shape": shape,
            "options": {"lesions": lesions, **options},
            "gradients": stem + more,
        }


def transunet():
    VisionTransformer, config = checkouts.transunet(CHECKOUTS)
    config.patches.grid = (4, 4)
    config.hidden_size = 8
    config.transformer.mlp_dim = 12
    config.transformer.num_heads = 2
    config.transformer.num_layers = 2
    config.transformer.dropout_rate = 0.0
    config.resnet.num_layers = (1, 2, 1)
    config.resnet.width_factor = 0.5
    config.decoder_channels = (6, 5, 4, 3)
    config.skip_channels = [256, 128, 32, 16]
    config.n_classes = 2
    yield {
        "name": "TransUNet, narrow",
        "reference": "torch",
        "network": VisionTransformer(config, img_size=64, num_classes=2),
        "heads": ["lesion"],
        "shape": (2, 3, 64, 64),
        "options": {
            "lesions": ["a", "b"], "side": 64, "stem": 32, "units": [1, 2, 1], "tokens": 8, "layers": 2, "heads": 2, "mlp": 12,
            "decoder": [512, 6, 5, 4, 3], "dropout": 0,
        },
        "gradients": [
            "transformer.embeddings.hybrid_model.root.conv.weight",
            "transformer.embeddings.hybrid_model.body.block2.unit1.downsample.weight",
            "transformer.embeddings.position_embeddings",
            "transformer.encoder.layer.1.attn.key.weight",
            "transformer.encoder.layer.0.ffn.fc2.weight",
            "decoder.blocks.2.conv1.0.weight",
            "segmentation_head.0.weight",
        ],
    }


def jcs():
    module, backbone = checkouts.jcs(CHECKOUTS)
    from Models.utils import ConvBNReLU, FrozenBatchNorm2d
    from Models.vgg import VGG16BN

    widths, planes = [8, 8, 16, 16, 16], 10

    def narrow_vgg():
        vgg = VGG16BN()
        for stage, count in enumerate((2, 2, 3, 3, 3)):
            for index in range(count):
                before = widths[stage] if index > 0 else (widths[stage - 1] if stage > 0 else 3)
                setattr(vgg, f"conv{stage + 1}_{index + 1}", ConvBNReLU(before, widths[stage], frozen=True))
        return vgg

    def narrow_backbone():
        network = backbone.Res2Net(backbone.Bottle2neck, [1, 1, 1, 1])
        return narrow_res2net(network, backbone, planes, (1, 1, 2, 1), True, FrozenBatchNorm2d)

    module.vgg16 = lambda pretrained, input_features: narrow_vgg()
    module.res2net101_v1b = lambda *args, **kwargs: narrow_backbone()
    network = module.JCS(enc_channels=[*widths, widths[-1]], dec_channels=[*widths, widths[-1]])
    seen = [planes, *(4 * planes * 2**stage for stage in range(4))]
    network.fuse = module.FuseNet(c1=widths, c2=seen, out_channels=widths)
    yield {
        "name": "the joint segmentation model, narrow, before its sigmoid",
        "reference": "torch",
        "network": checkouts.WithoutSigmoid(network),
        "heads": ["lesion", *(f"auxiliary.side{level}" for level in (2, 3, 4, 5))],
        "shape": (2, 3, 64, 96),
        "options": {"lesions": ["lesion"], "widths": widths, "blocks": [1, 1, 2, 1], "planes": planes},
        "gradients": [
            "vgg16.conv3_2.conv.weight",
            "res2net.layer3.1.convs.2.weight",
            "fuse.se_modules.2.conv.weight",
            "gpd.dilation_convs.3.weight",
            "gpd1.se_block.linear1.weight",
            "fpn.fuse.1.se2.linear1.weight",
            "fpn.inners_b.4.conv.weight",
            "cls1.weight",
        ],
    }


def covnet():
    network = checkouts.covnet(CHECKOUTS, 2, (1, 1, 2, 1))
    yield {
        "name": "COVNet, narrow, one scan of five slices",
        "reference": "torch",
        "network": network,
        "heads": ["disease"],
        "shape": (1, 5, 3, 64, 96),
        "options": {"classes": CLASSES, "blocks": [1, 1, 2, 1], "planes": 2},
        "gradients": ["pretrained_model.0.weight", "pretrained_model.6.1.conv2.weight", "pretrained_model.5.0.downsample.0.weight", "classifer.weight"],
    }


write("densenet", ["MONAI"], densenet(3), "densenet121")
write("densenet-2d", ["MONAI"], densenet(2), "densenet121-2d")
write("res2net", ["Inf-Net", "Res2Net-PretrainedModels"], res2net, "res2net50-2d")
write("infnet", ["Inf-Net"], infnet)
write("medt", ["Medical-Transformer"], medt)
write("transunet", ["TransUNet"], transunet)
write("jcs", ["JCS"], jcs)
write("covnet", ["COVNet"], covnet)
