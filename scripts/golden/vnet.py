"""Golden numbers of V-Net, from MONAI's `monai/networks/nets/vnet.py`: PYTHONPATH=MONAI-CHECKOUT python3 scripts/golden/vnet.py

Writes packages/networks/src/baselines/vnet.golden.json. Needs Debian's python3-torch and python3-numpy, and a checkout of Project-MONAI/MONAI
(the numbers are from commit d388d1c), which is imported and not copied. Its stages are made narrow; their order and forward are MONAI's. Dropout is 0,
as no two libraries draw the same numbers.
"""

import json
from pathlib import Path

import torch
from monai.networks.nets import vnet as monai_vnet
from torch import nn

from formula import of_reference, uniform

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

DOWN = ["down_tr32", "down_tr64", "down_tr128", "down_tr256"]
UP = ["up_tr256", "up_tr128", "up_tr64", "up_tr32"]


class Heads(nn.Module):
    """MONAI's V-Net, `WIDTH` channels wide at full size in place of 16, with its outputs above the first, the background, by name."""

    def __init__(self, act, bias, outputs):
        super().__init__()
        net = monai_vnet.VNet(out_channels=outputs, act=act, bias=bias)
        net.in_tr = monai_vnet.InputTransition(3, 1, WIDTH, act, bias=bias)
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
        self.net = net

    def forward(self, scan):
        outputs = self.net(scan)
        return {"lesion": outputs[:, 1:] - outputs[:, :1]}

    def named_parameters(self, *args, **kwargs):
        return self.net.named_parameters()

    def named_buffers(self, *args, **kwargs):
        return self.net.named_buffers()


scan = torch.from_numpy(uniform("scan", 2 * 16 * 32 * 48).astype("float32").reshape(SHAPE))
widths = [WIDTH * 2**level for level in range(5)]
cases = []
for case in CASES:
    network = Heads(case["act"], case["bias"], 1 + len(case["ours"]["lesions"]))
    golden = of_reference(network, scan, GRADIENTS + case["more"])
    cases.append({"name": case["name"], "reference": "monai", "options": {"widths": widths, "dropout": 0, **case["ours"]}, **golden})

origin = f"scripts/golden/vnet.py, MONAI d388d1c, PyTorch {torch.__version__}"
path = Path(__file__).resolve().parents[2] / "packages/networks/src/baselines/vnet.golden.json"
path.write_text(json.dumps({"origin": origin, "scan": SHAPE, "cases": cases}, ensure_ascii=False) + "\n")
