"""Networks that have no public implementation for PyTorch, or none that has the paper's form, written from their description."""

import re

import torch
from torch import nn

DOWN = ["down_tr32", "down_tr64", "down_tr128", "down_tr256"]
UP = ["up_tr256", "up_tr128", "up_tr64", "up_tr32"]


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
    """Çiçek et al., MICCAI 2016, figure 2: two 3×3×3 convolutions a level, each with batch norm before its ReLU, the first of a level half as wide; max
    pooling by 2; 2×2×2 up-convolutions; skips joined before the up-sampled; a 1×1×1 convolution at the end. Convolutions are padded, as in ours."""

    def __init__(self, widths, outputs):
        super().__init__()
        before = (1, *widths)
        self.encoder = nn.ModuleList(Level(b, w // 2, w) for b, w in zip(before, widths))
        self.decoder = nn.ModuleList(Up(deeper, skip) for skip, deeper in reversed(list(zip(widths, widths[1:]))))
        self.head = nn.Conv3d(widths[0], outputs, 1)

    def forward(self, x):
        skips = []
        for level in self.encoder:
            skips.append(level(nn.functional.max_pool3d(skips[-1], 2) if skips else x))
        x = skips.pop()
        for up in self.decoder:
            x = up(skips.pop(), x)
        return {"lesion": self.head(x)}

    def state_dict(self, *args, **kwargs):
        """By the TypeScript network's names."""
        return {re.sub(r"units\.(\d)", r"units.\1.unit", name): tensor for name, tensor in super().state_dict(*args, **kwargs).items()}


def above_background(outputs):
    return outputs[:, 1:] - outputs[:, :1]


class Zhou(nn.Module):
    """Zhou's network, as spec/networks.md and its paper describe it: the map of the pass before joins the scan; the five encoder levels, averaged over
    space and joined, give the diagnosis."""

    def __init__(self, net, width, classes, passes):
        """`net`: MONAI's V-Net of `width` channels in its first stage, with two channels in"""
        super().__init__()
        self.net = net
        self.width = width
        self.passes = passes
        self.classifier = nn.Linear(31 * width, classes)

    def once(self, scan, seen):
        net = self.net
        first = net.in_tr
        both = torch.cat([scan, seen], dim=1)
        levels = [first.act_function(first.conv_block(both) + scan.repeat(1, self.width, 1, 1, 1))]
        for name in DOWN:
            levels.append(getattr(net, name)(levels[-1]))
        feature = levels[-1]
        for name, skip in zip(UP, reversed(levels[:-1])):
            feature = getattr(net, name)(feature, skip)
        pooled = torch.cat([level.mean(dim=(2, 3, 4)) for level in levels], dim=1)
        return above_background(net.out_tr(feature)), self.classifier(pooled)

    def forward(self, scan):
        seen, heads = torch.zeros_like(scan), {}
        for index in range(self.passes + 1):
            lesion, disease = self.once(scan, seen)
            before = "" if index == self.passes else f"auxiliary.pass{index}."
            heads |= {f"{before}lesion": lesion, f"{before}disease": disease}
            seen = (1 - torch.prod(1 - torch.sigmoid(lesion), dim=1, keepdim=True)).detach()
        return heads

    def named_parameters(self, *args, **kwargs):
        return [*self.net.named_parameters(), *((f"classifier.{name}", tensor) for name, tensor in self.classifier.named_parameters())]

    def named_buffers(self, *args, **kwargs):
        return self.net.named_buffers()

    def state_dict(self, *args, **kwargs):
        return dict(self.named_parameters()) | dict(self.named_buffers())
