"""Numbers that Python and TypeScript compute alike from a name and an index, so that goldens need no weights file.

The other side is packages/networks/src/testing/formula.ts.
"""

from math import gcd

import numpy as np
import torch


def uniform(name, count):
    """`count` numbers in [0, 1): FNV-1a of the name, then a 32-bit mix (lowbias32) of a Weyl sequence."""
    h = 2166136261
    for byte in name.encode():
        h = ((h ^ byte) * 16777619) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + h).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x / 2**32


def filled(name, shape):
    """A tensor of a network's state, by what its name and rank say it is."""
    u = uniform(name, int(np.prod(shape)))
    if len(shape) == 5 and shape[1] == 1 and ".fusion." in name:
        values = u  # kernels that repeat a coarse voxel
    elif len(shape) > 1:
        values = (2 * u - 1) * np.sqrt(6 / np.prod(shape[1:]))  # variance 2 / fan-in
    elif name.endswith(("runningVar", "running_var")):
        values = 0.2 + 0.4 * u
    elif name.endswith("weight"):
        values = 0.25 + 0.75 * u  # scales of norms, slopes of activations
    else:
        values = 0.4 * u - 0.2
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def pattern(name, shape):
    """Numbers in [-1, 1) to weigh a head with."""
    return torch.from_numpy((2 * uniform(name, int(np.prod(shape))) - 1).astype(np.float32).reshape(shape))


SAMPLES = 64


def sampled(tensor):
    """What a golden file keeps of a tensor: its smallest and largest element, its mean, and about 64 elements at equal distances that walk through every
    row and column."""
    flat = tensor.detach().double().reshape(-1)
    stride = max(1, len(flat) // SAMPLES)
    while gcd(stride, len(flat)) > 1:
        stride -= 1
    return {
        "shape": list(tensor.shape),
        "low": float(f"{flat.min().item():.8g}"),
        "high": float(f"{flat.max().item():.8g}"),
        "mean": float(f"{flat.mean().item():.8g}"),
        "stride": stride,
        "samples": [float(f"{value:.7g}") for value in flat[::stride].tolist()],
    }


def run(network, state, scan, gradients_of):
    """A pass in training, gradients of a loss that every head joins, and a pass in evaluation with the statistics that training moved.

    `state`: the network's tensors by the TypeScript network's names; they are filled first.
    """
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(filled(name, tuple(tensor.shape)))
    network.train()
    heads = network(scan)
    loss = sum(
        (head * pattern(f"pattern.{name}", tuple(head.shape)).to(head.dtype)).mean() for name, head in heads.items()
    )
    loss.backward()
    train = {name: sampled(head) for name, head in heads.items()}
    moved = {name: sampled(tensor) for name, tensor in state.items() if "running" in name}
    network.eval()
    with torch.no_grad():
        evaluated = {name: sampled(head) for name, head in network(scan).items()}
    return {
        "loss": loss.item(),
        "train": train,
        "gradients": {name: sampled(state[name].grad) for name in gradients_of},
        "moved": dict(list(moved.items())[:: max(1, len(moved) // 6)]),
        "eval": evaluated,
    }


def of_reference(network, scan, gradients_of, double=False):
    """As `run`, of a public implementation whose tensors are filled by its own names; the TypeScript network finds its own by its rules.

    `gradients_of`: names of the reference. `double`: in 64 bits, where those of 32 round off more than an error would show.
    """
    if double:
        network, scan = network.double(), scan.double()
    tensors = dict(network.named_parameters()) | dict(network.named_buffers())
    state = {name: tensor for name, tensor in tensors.items() if tensor.is_floating_point()}
    return {"state": [[name, list(tensor.shape)] for name, tensor in state.items()], **run(network, state, scan, gradients_of)}


class Named(torch.nn.Module):
    """A network with its outputs by the names that ours have; its own tensors keep their names."""

    def __init__(self, network, heads):
        super().__init__()
        self.network = network
        self.heads = heads

    def forward(self, scan):
        found = self.network(scan)
        return dict(zip(self.heads, found if isinstance(found, (list, tuple)) else [found]))

    def named_parameters(self, *args, **kwargs):
        return self.network.named_parameters()

    def named_buffers(self, *args, **kwargs):
        return self.network.named_buffers()
