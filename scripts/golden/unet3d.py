"""Golden numbers of the 3D U-Net of its paper: python3 scripts/golden/unet3d.py

Its authors' code is for Caffe, and PyTorch's public ones change its widths, norms or up-sampling. So it is written here once more, from Çiçek et al.,
MICCAI 2016, figure 2: two 3×3×3 convolutions a level, each with batch norm before its ReLU, the first of a level half as wide; max pooling by 2; 2×2×2
up-convolutions; skips joined before the up-sampled; a 1×1×1 convolution at the end. Convolutions are padded, as here. Writes
packages/networks/src/baselines/unet3d.golden.json. Needs Debian's python3-torch and python3-numpy.
"""

import re
from pathlib import Path

import torch
from torch import nn

import golden_file
from formula import run

WIDTHS, OUTPUTS, SHAPE = (4, 6, 8, 10), 2, (2, 1, 16, 32, 48)


class Unit(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.convolution = nn.Conv3d(before, after, 3, padding=1)
        self.norm = nn.BatchNorm3d(after)

    def forward(self, x):
        return torch.relu(self.norm(self.convolution(x)))


class Level(nn.Module):
    def __init__(self, *widths):
        super().__init__()
        self.units = nn.ModuleList(Unit(before, after) for before, after in zip(widths, widths[1:]))

    def forward(self, x):
        for unit in self.units:
            x = unit(x)
        return x


class Up(nn.Module):
    def __init__(self, deeper, skip):
        super().__init__()
        self.up = nn.ConvTranspose3d(deeper, deeper, 2, stride=2, bias=False)
        self.convolutions = Level(skip + deeper, skip, skip)

    def forward(self, skip, x):
        return self.convolutions(torch.cat([skip, self.up(x)], dim=1))


class Unet3d(nn.Module):
    def __init__(self):
        super().__init__()
        before = (1, *WIDTHS)
        self.encoder = nn.ModuleList(Level(b, w // 2, w) for b, w in zip(before, WIDTHS))
        self.decoder = nn.ModuleList(Up(deeper, skip) for skip, deeper in reversed(list(zip(WIDTHS, WIDTHS[1:]))))
        self.head = nn.Conv3d(WIDTHS[0], OUTPUTS, 1)

    def forward(self, x):
        skips = []
        for level in self.encoder:
            skips.append(level(nn.functional.max_pool3d(skips[-1], 2) if skips else x))
        x = skips.pop()
        for up in self.decoder:
            x = up(skips.pop(), x)
        return {"lesion": self.head(x)}


def our_name(name):
    return re.sub(r"units\.(\d)", r"units.\1.unit", name).replace("running_mean", "runningMean").replace("running_var", "runningVar")


network = Unet3d()
state = {our_name(name): tensor for name, tensor in network.state_dict(keep_vars=True).items() if "num_batches" not in name}
gradients = [
    "encoder.0.units.0.unit.convolution.weight",
    "encoder.3.units.1.unit.norm.weight",
    "decoder.0.up.weight",
    "decoder.2.convolutions.units.0.unit.convolution.weight",
    "head.weight",
]
golden = run(network, state, golden_file.scan_of(SHAPE), gradients)
case = {"name": "the paper's form, narrow, two outputs", "options": {"widths": WIDTHS, "lesions": ["a", "b"]}, "scan": SHAPE, **golden}
golden_file.write("baselines/unet3d", "unet3d", golden_file.origin("unet3d", Path()), [case])
