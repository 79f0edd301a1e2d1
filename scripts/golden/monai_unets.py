"""Golden numbers of MONAI's U-Nets: PYTHONPATH=MONAI-CHECKOUT python3 scripts/golden/monai_unets.py

BasicUNet, BasicUNet++ and Attention U-Net, narrow. Writes packages/networks/src/baselines/{unet3d,unetpp3d,attention-unet}.golden.json. Needs Debian's
python3-torch and python3-numpy, and a checkout of Project-MONAI/MONAI (the numbers are from commit d388d1c), which is imported and not copied.
"""

import json
from pathlib import Path

import torch
from monai.networks.nets.attentionunet import AttentionUnet
from monai.networks.nets.basic_unet import BasicUNet
from monai.networks.nets.basic_unetplusplus import BasicUNetPlusPlus

from formula import Named, of_reference, uniform

SHAPE = (2, 1, 16, 32, 48)
FOLDER = Path(__file__).resolve().parents[2] / "packages/networks/src/baselines"


def write(name, cases):
    scan = torch.from_numpy(uniform("scan", 2 * 16 * 32 * 48).astype("float32").reshape(SHAPE))
    made = []
    for case in cases:
        network, options, gradients = case["network"], case["options"], case["gradients"]
        golden = of_reference(Named(network, case.get("heads", ["lesion"])), scan, gradients)
        made.append({"name": case["name"], "reference": "monai", "options": options, **golden})
    origin = f"scripts/golden/monai_unets.py, MONAI d388d1c, PyTorch {torch.__version__}"
    text = json.dumps({"origin": origin, "scan": SHAPE, "cases": made}, ensure_ascii=False)
    (FOLDER / f"{name}.golden.json").write_text(text + "\n")


WIDTHS = (4, 4, 6, 8, 10, 6)
write(
    "unet3d",
    [
        {
            "name": "BasicUNet, two outputs",
            "network": BasicUNet(3, 1, 2, features=WIDTHS),
            "options": {"variant": "monai", "widths": WIDTHS, "lesions": ["a", "b"]},
            "gradients": ["conv_0.conv_0.conv.weight", "down_3.convs.conv_1.adn.N.weight", "upcat_1.upsample.deconv.weight", "final_conv.bias"],
        }
    ],
)
HEADS = ["auxiliary.head0", "auxiliary.head1", "auxiliary.head2", "lesion"]
write(
    "unetpp3d",
    [
        {
            "name": "BasicUNet++, all four heads",
            "network": BasicUNetPlusPlus(3, 1, 2, features=WIDTHS, deep_supervision=True),
            "heads": HEADS,
            "options": {"widths": WIDTHS, "lesions": ["a", "b"]},
            "gradients": ["conv_4_0.convs.conv_0.conv.weight", "upcat_1_2.upsample.deconv.weight", "upcat_0_3.convs.conv_0.conv.weight", "final_conv_0_4.weight"],
        }
    ],
)
write(
    "attention-unet",
    [
        {
            "name": "AttentionUnet, two outputs",
            "network": AttentionUnet(3, 1, 2, channels=(2, 4, 6, 8, 10), strides=(2, 2, 2, 2)),
            "options": {"widths": (2, 4, 6, 8, 10), "lesions": ["a", "b"]},
            "gradients": [
                "model.0.conv.0.conv.weight",
                "model.1.submodule.1.attention.psi.0.conv.weight",
                "model.1.submodule.1.submodule.1.merge.adn.A.weight",
                "model.1.upconv.up.conv.weight",
            ],
        }
    ],
)
