"""Golden numbers of V-Net, from MONAI's, and of Zhou's network on it: python3 scripts/golden/vnet.py FOLDER

FOLDER holds a checkout of Project-MONAI/MONAI under its own name; its `monai/networks/nets/vnet.py` is imported and not copied. Its stages are made
narrow; their order and forward are MONAI's. Zhou's network has no public implementation: the body is MONAI's, and what the paper adds is written here
from its description. Dropout is 0, as no two libraries draw the same numbers. Writes packages/networks/src/baselines/{vnet,zhou}.golden.json. Needs
Debian's python3-torch and python3-numpy.
"""

import sys
from pathlib import Path

from torch import nn

import checkouts
import golden_file
from written import DOWN, UP, Zhou, above_background

CHECKOUTS = Path(sys.argv[1]).resolve()
checkouts.use(CHECKOUTS, "MONAI")

from monai.networks.nets import vnet as monai_vnet  # noqa: E402

SHAPE = (2, 1, 16, 32, 48)
WIDTH = 2
GRADIENTS = [
    "in_tr.conv_block.conv.weight",
    "down_tr64.down_conv.weight",
    "down_tr128.ops.1.conv_block.conv.weight",
    "up_tr256.ops.1.conv_block.conv.weight",
    "up_tr64.up_conv.weight",
    "up_tr32.bn1.bias",
    "out_tr.conv_block.conv.weight",
    "out_tr.conv2.weight",
    "out_tr.conv2.bias",
]
CASES = [
    {
        "name": "MONAI's form: ELU, biases only where it transposes, three outputs: background and two lesion types",
        "ours": {"lesions": ["a", "b"]},
        "act": ("elu", {"inplace": True}),
        "bias": False,
        "more": [],
    },
    {
        "name": "vnet.pytorch's form: PReLU, a bias in every convolution, two outputs: background and lesion",
        "ours": {"lesions": ["lesion"], "activation": "prelu", "biases": "all"},
        "act": "prelu",
        "bias": True,
        "more": [
            "in_tr.act_function.weight",
            "down_tr256.act_function1.weight",
            "up_tr128.ops.1.act_function.weight",
            "out_tr.act_function1.weight",
        ],
    },
    {
        "name": "PReLU, biases only where it transposes, four outputs",
        "ours": {"lesions": ["a", "b", "c"], "activation": "prelu"},
        "act": "prelu",
        "bias": False,
        "more": ["down_tr32.act_function2.weight", "up_tr32.act_function1.weight", "up_tr256.act_function2.weight"],
    },
]


def narrow(act, bias, outputs, channels=1):
    """MONAI's V-Net, `WIDTH` channels wide at full size in place of 16."""
    net = monai_vnet.VNet(out_channels=outputs, act=act, bias=bias)
    net.in_tr = monai_vnet.InputTransition(3, channels, WIDTH, act, bias=bias)
    for index, (name, convolutions) in enumerate(zip(DOWN, (1, 2, 3, 2))):
        dropped = 0.0 if index > 1 else None
        setattr(net, name, monai_vnet.DownTransition(3, WIDTH * 2**index, convolutions, act, dropped, bias=bias))
    for index, (name, convolutions) in enumerate(zip(UP, (2, 2, 1, 1))):
        deeper, wide = WIDTH * 2 ** (4 if index == 0 else 5 - index), WIDTH * 2 ** (4 - index)
        up = monai_vnet.UpTransition(3, deeper, wide, convolutions, act, (0.0 if index < 2 else None, 0.0))
        # MONAI's own have no biases here even where the others do; vnet.pytorch's have.
        up.ops = monai_vnet._make_nconv(3, wide, convolutions, act, bias)
        setattr(net, name, up)
    net.out_tr = monai_vnet.OutputTransition(3, 2 * WIDTH, outputs, act, bias=bias)
    return net


class Heads(nn.Module):
    """A V-Net with its outputs above the first, the background, by name."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, scan):
        return {"lesion": above_background(self.net(scan))}

    def named_parameters(self, *args, **kwargs):
        return self.net.named_parameters()

    def named_buffers(self, *args, **kwargs):
        return self.net.named_buffers()


widths = [WIDTH * 2**level for level in range(5)]
where = golden_file.origin("vnet", CHECKOUTS / "MONAI")
cases = []
for case in CASES:
    ours = {"widths": widths, "dropout": 0, **case["ours"]}
    network = Heads(narrow(case["act"], case["bias"], 1 + len(ours["lesions"])))
    cases.append({"name": case["name"], "reference": "monai", "network": network, "shape": SHAPE, "options": ours, "gradients": GRADIENTS + case["more"]})
golden_file.write("baselines/vnet", "vnet", where, [golden_file.of_case(case) for case in cases])

zhou = {
    "name": "MONAI's V-Net as its body, two lesion types, one extra pass",
    "reference": "monai",
    "referenceOf": "vnet",
    "network": Zhou(narrow(("elu", {"inplace": True}), False, 3, channels=2), WIDTH, 3, 1),
    "shape": SHAPE,
    "options": {"widths": widths, "dropout": 0, "classifierDropout": 0, "lesions": ["a", "b"], "passes": 1},
    "gradients": [*GRADIENTS, "classifier.weight", "classifier.bias"],
}
golden_file.write("baselines/zhou", "zhou", where, [golden_file.of_case(zhou)])
