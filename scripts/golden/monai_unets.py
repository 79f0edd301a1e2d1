"""Golden numbers of MONAI's U-Nets, narrow: python3 scripts/golden/monai_unets.py FOLDER

FOLDER holds a checkout of Project-MONAI/MONAI under its own name; it is imported and not copied. Writes
packages/networks/src/baselines/{unet3d-monai,unetpp3d,attention-unet}.golden.json. Needs Debian's python3-torch and python3-numpy.
"""

import sys
from pathlib import Path

import checkouts
import golden_file

CHECKOUTS = Path(sys.argv[1]).resolve()
checkouts.use(CHECKOUTS, "MONAI")

from monai.networks.nets.attentionunet import AttentionUnet  # noqa: E402
from monai.networks.nets.basic_unet import BasicUNet  # noqa: E402
from monai.networks.nets.basic_unetplusplus import BasicUNetPlusPlus  # noqa: E402

SHAPE = (2, 1, 16, 32, 48)
ORIGIN = golden_file.origin("monai_unets", CHECKOUTS / "MONAI")


def write(file, ours, **case):
    golden_file.write(f"baselines/{file}", ours, ORIGIN, [golden_file.of_case({"reference": "monai", "shape": SHAPE, **case})])


WIDTHS = (4, 4, 6, 8, 10, 6)
write(
    "unet3d-monai",
    "unet3d",
    name="BasicUNet, two outputs",
    network=BasicUNet(3, 1, 2, features=WIDTHS),
    heads=["lesion"],
    options={"variant": "monai", "widths": WIDTHS, "lesions": ["a", "b"]},
    gradients=["conv_0.conv_0.conv.weight", "down_3.convs.conv_1.adn.N.weight", "upcat_1.upsample.deconv.weight", "final_conv.bias"],
)
write(
    "unetpp3d",
    "unetpp3d",
    name="BasicUNet++, all four heads",
    network=BasicUNetPlusPlus(3, 1, 2, features=WIDTHS, deep_supervision=True),
    heads=["auxiliary.head0", "auxiliary.head1", "auxiliary.head2", "lesion"],
    options={"widths": WIDTHS, "lesions": ["a", "b"]},
    gradients=[
        "conv_4_0.convs.conv_0.conv.weight",
        "upcat_1_2.upsample.deconv.weight",
        "upcat_0_3.convs.conv_0.conv.weight",
        "final_conv_0_4.weight",
    ],
)
write(
    "attention-unet",
    "attention-unet",
    name="AttentionUnet, two outputs",
    network=AttentionUnet(3, 1, 2, channels=(2, 4, 6, 8, 10), strides=(2, 2, 2, 2)),
    heads=["lesion"],
    options={"widths": (2, 4, 6, 8, 10), "lesions": ["a", "b"]},
    gradients=[
        "model.0.conv.0.conv.weight",
        "model.1.submodule.1.attention.psi.0.conv.weight",
        "model.1.submodule.1.submodule.1.merge.adn.A.weight",
        "model.1.upconv.up.conv.weight",
    ],
)
