"""MultiR-Net (Li et al., Computers in Biology and Medicine 144:105340, 2022) in plain PyTorch: the peer of benchmarks and the source of golden numbers.

Written from the description of the network, as a PyTorch user would write it, and apart from the TypeScript sources; only `our_name` knows how
the tensors are called there. Weights and tensors travel as safetensors.

As a program it is one side of `benchmarks/multirnet.ts`: it takes one JSON line of settings, then one word a line, and answers each with one JSON line.
`variant` is `eager`, or `tuned`: what its users do for speed, each tried first, and the fastest taken (`trial` tries one `way`). `onnx FILE` writes
the network for ONNX Runtime.
"""

import ctypes
import gc
import json
import re
import struct
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Options:
    lesions: int = 1
    classes: int = 3
    widths: tuple = (16, 32, 64, 128, 256)
    kernel: int = 5
    norm: str = "batch"
    activation: str = "prelu"
    reverse_attention: bool = True
    fusion_weights: tuple = (0.4, 0.3, 0.2, 0.1)
    classifier_widths: tuple = (16, 32, 64, 128, 256, 256)
    classifier_norm: str = ""  # that of `norm` unless given
    dropout: float = 0.5
    passes: int = 0
    detach_passes: bool = True


def make_norm(kind, channels):
    if kind == "batch":
        return nn.BatchNorm3d(channels)
    if kind == "instance":
        return nn.InstanceNorm3d(channels, affine=True)
    return nn.GroupNorm(8 if channels % 8 == 0 else 1, channels)


def make_activation(kind, channels):
    return {"prelu": lambda: nn.PReLU(channels), "relu": lambda: nn.ReLU(inplace=True), "elu": nn.ELU}[kind]()


def unit(c_in, c_out, o, kernel=None, stride=1, norm=None, activation=None):
    """Convolution, norm, activation."""
    kernel = kernel or o.kernel
    return nn.Sequential(
        nn.Conv3d(c_in, c_out, kernel, stride=stride, padding=(kernel - 1) // 2, bias=False),
        make_norm(norm or o.norm, c_out),
        make_activation(activation or o.activation, c_out),
    )


class ResidualStage(nn.Module):
    """n convolutions; the residual is added before the last activation."""

    def __init__(self, c_in, c_out, n, o):
        super().__init__()
        widths = [c_in] + [c_out] * n
        self.units = nn.Sequential(*[unit(widths[i], c_out, o) for i in range(n - 1)])
        self.conv = nn.Conv3d(widths[n - 1], c_out, o.kernel, padding=o.kernel // 2, bias=False)
        self.norm = make_norm(o.norm, c_out)
        self.act = make_activation(o.activation, c_out)

    def forward(self, x, residual):
        return self.act(self.norm(self.conv(self.units(x))) + residual)


class Down(nn.Module):
    def __init__(self, c_in, c_out, n, o):
        super().__init__()
        self.halve = unit(c_in, c_out, o, kernel=2, stride=2)
        self.stage = ResidualStage(c_out, c_out, n, o)

    def forward(self, x):
        x = self.halve(x)
        return self.stage(x, x)


def union(logits):
    """1 - prod_k (1 - sigmoid(logit_k)), one channel; with one lesion type the sigmoid itself."""
    if logits.shape[1] == 1:
        return torch.sigmoid(logits)
    return 1 - torch.prod(1 - torch.sigmoid(logits), dim=1, keepdim=True)


class Up(nn.Module):
    def __init__(self, c_in, c_out, n, o):
        super().__init__()
        self.upsample = nn.Sequential(
            nn.ConvTranspose3d(c_in, c_out, 2, stride=2, bias=False),
            make_norm(o.norm, c_out),
            make_activation(o.activation, c_out),
        )
        self.refine = (
            nn.Sequential(unit(c_out, c_out, o, kernel=3), unit(c_out, c_out, o, kernel=3))
            if o.reverse_attention
            else None
        )
        self.stage = ResidualStage(2 * c_out, c_out, n, o)
        self.head = nn.Conv3d(c_out, o.lesions, 1)

    def forward(self, x, coarse, skip):
        x = self.upsample(x)
        if self.refine is not None:
            coarse = F.interpolate(coarse, size=skip.shape[2:], mode="trilinear", align_corners=False)
            skip = self.refine(skip * (1 - union(coarse)))
        x = self.stage(torch.cat([x, skip], dim=1), x)
        return x, self.head(x)


class ClassifierModule(nn.Module):
    def __init__(self, c_in, c_out, stride, o):
        super().__init__()
        self.unit = unit(c_in, c_out, o, kernel=3, stride=stride, norm=o.classifier_norm or o.norm, activation="relu")
        self.shortcut = nn.Conv3d(c_in, c_out, 1, stride=stride) if stride != 1 or c_in != c_out else nn.Identity()

    def forward(self, x):
        return self.unit(x) + self.shortcut(x)


class MultiRNet(nn.Module):
    def __init__(self, o=Options()):
        super().__init__()
        self.o = o
        w = o.widths
        self.first = ResidualStage(2, w[0], 1, o)
        self.down = nn.ModuleList([Down(w[i], w[i + 1], (2, 3, 3, 3)[i], o) for i in range(4)])
        self.bottleneck_head = nn.Conv3d(w[4], o.lesions, 1) if o.reverse_attention else None
        self.up = nn.ModuleList([Up(w[i + 1], w[i], (1, 2, 3, 3)[i], o) for i in range(4)])
        self.fusion = nn.ModuleList(
            [nn.ConvTranspose3d(o.lesions, o.lesions, 2**i, stride=2**i, groups=o.lesions) for i in (1, 2, 3)]
        )
        c = (1,) + tuple(o.classifier_widths)
        self.classifier = nn.Sequential(
            *[ClassifierModule(c[i], c[i + 1], (1, 2, 2, 2, 2, 1)[i], o) for i in range(6)]
        )
        self.dropout = nn.Dropout(o.dropout)
        self.linear = nn.Linear(c[6] + w[4], o.classes)

    def segment(self, scan, previous):
        skips = []
        x = self.first(torch.cat([scan, previous], dim=1), scan)
        for down in self.down:
            skips.append(x)
            x = down(x)
        bottleneck = x
        logits = self.bottleneck_head(x) if self.bottleneck_head is not None else None
        levels = [None] * 4
        for i in (3, 2, 1, 0):
            x, logits = self.up[i](x, logits, skips.pop())
            levels[i] = logits
        lesion = self.o.fusion_weights[0] * levels[0]
        for i in (1, 2, 3):
            lesion = lesion + self.o.fusion_weights[i] * self.fusion[i - 1](levels[i])
        return lesion, levels, bottleneck

    def forward(self, scan):
        """N×1×D×H×W -> logits by name: the last pass's `lesion`, `disease`, and everything else as `auxiliary.…`."""
        heads = {}
        fused = torch.zeros_like(scan)
        for index in range(self.o.passes + 1):
            lesion, levels, bottleneck = self.segment(scan, fused)
            fused = union(lesion)
            pooled = self.classifier(scan * fused).mean(dim=(2, 3, 4))
            disease = self.linear(self.dropout(torch.cat([pooled, bottleneck.mean(dim=(2, 3, 4))], dim=1)))
            last = index == self.o.passes
            prefix = "auxiliary." if last else f"auxiliary.pass{index}."
            heads.update({f"{prefix}level{i}": logits for i, logits in enumerate(levels)})
            final = "" if last else prefix
            heads.update({f"{final}lesion": lesion, f"{final}disease": disease})
            if self.o.detach_passes:
                fused = fused.detach()
        return heads


RULES = [
    (r"^(first|down|bottleneck_head|up|fusion)", r"segmentation.\1"),
    (r"bottleneck_head", "bottleneckHead"),
    (r"fusion\.", "fusion.up."),
    (r"^classifier\.(\d)\.", r"classifier.modules.\1."),
    (r"^linear\.", "classifier.head."),
    (r"refine\.", "attention.refine."),
    (r"(first|stage)\.(conv|norm)\.", r"\1.last.\2."),
    (r"\.act\.", ".activation."),
    (r"units\.(\d)\.", r"before.\1."),
    (r"upsample\.0\.", "upsample.convolution."),
    (r"upsample\.1\.", "upsample.norm."),
    (r"(halve|before\.\d|refine\.\d|modules\.\d\.unit)\.0\.", r"\1.unit.convolution."),
    (r"(halve|before\.\d|refine\.\d|modules\.\d\.unit)\.1\.", r"\1.unit.norm."),
    (r"(upsample|halve|before\.\d|refine\.\d|modules\.\d\.unit)\.2\.", r"\1.activation."),
    (r"upsample\.", "double."),
    (r"\.conv\.", ".convolution."),
    (r"running_mean", "runningMean"),
    (r"running_var", "runningVar"),
]


def our_name(name):
    """The name that a tensor of this network has in a weights file of the TypeScript network."""
    for pattern, replacement in RULES:
        name = re.sub(pattern, replacement, name)
    return name


def named_state(network, rename=our_name):
    """The state by the TypeScript network's names."""
    return {rename(k): v for k, v in network.state_dict(keep_vars=True).items() if not k.endswith("num_batches_tracked")}


DTYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64, "U8": np.uint8}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        array = np.frombuffer(data[start:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    return tensors


def write_safetensors(path, tensors):
    header, blobs, end = {}, [], 0
    for name, tensor in tensors.items():
        blob = tensor.detach().numpy().astype(np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [end, end + len(blob)]}
        blobs.append(blob)
        end += len(blob)
    words = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(words)) + words + b"".join(blobs))


def load(network, tensors, rename=our_name):
    """Fills the network with tensors under the TypeScript network's names; every one must find its place."""
    state = named_state(network, rename)
    if state.keys() != tensors.keys():
        raise ValueError(f"missing {sorted(state.keys() - tensors.keys())}, extra {sorted(tensors.keys() - state.keys())}")
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(tensors[name])


def loss_of(heads, mask, one_hot):
    """Soft Dice of the outline and cross entropy of the diagnosis."""
    p = torch.sigmoid(heads["lesion"])
    dice = 1 - (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)
    return dice - (F.log_softmax(heads["disease"], dim=1) * one_hot).sum() / len(one_hot)


def resident_kb(which):
    """VmRSS: now; VmHWM: the most since `forget_peak`."""
    with open("/proc/self/status") as status:
        return int(re.search(which + r":\s+(\d+)", status.read()).group(1))


def forget_peak():
    """Gives back what loading took and starts the peak anew."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def ways_of(network, scan, training, body):
    """Eager, and what PyTorch's users do for speed on a CPU, by name; a way that this version cannot go, or not in time, is left out by `fastest`."""

    def channels_last():
        return network.to(memory_format=torch.channels_last_3d), scan.contiguous(memory_format=torch.channels_last_3d)

    def traced(net, x):
        with torch.no_grad():
            return torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, x, strict=False)))

    def run(graph):
        """PyTorch 2.6 does not come to an end with fusing this network before the second pass."""

        def unfused(x):
            with torch.jit.optimized_execution(False):
                return graph(x)

        return graph if torch.__version__.startswith("1.") else unfused

    ways = {"eager": lambda: body(network, scan), "channels last": lambda: body(*channels_last())}
    if not training:
        ways["optimize_for_inference"] = lambda: body(run(traced(network, scan)), scan)
        ways["optimize_for_inference, channels last"] = lambda: body(run(traced(*channels_last())), channels_last()[1])
    if hasattr(torch, "compile"):
        ways["torch.compile"] = lambda: body(torch.compile(network), scan)
    return ways


TRIAL_S = 300  # the longest that a way may take to be made and tried


def fastest(names, settings):
    """The way whose best of three takes least. Each is tried in a process of its own, which can be ended whatever it does."""
    times = {}
    for name in names:
        trial = json.dumps({**settings, "variant": "trial", "way": name}) + "\n"
        try:
            done = subprocess.run(
                [sys.executable, __file__], input=trial, capture_output=True, text=True, timeout=TRIAL_S, check=True
            )
            times[name] = json.loads(done.stdout.splitlines()[-1])["seconds"]
            print(f"{name}: {times[name]:.3f} s", file=sys.stderr)
        except subprocess.TimeoutExpired:
            print(f"{name}: not in {TRIAL_S} s", file=sys.stderr)
        except subprocess.CalledProcessError as error:  # this version does not go this way
            print(f"{name}: {error.stderr[-300:]}", file=sys.stderr)
    return min(times, key=times.get)


def seconds_of(work):
    """The best of three, after two that do not count."""
    for _ in range(2):
        work()
    spent = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return min(spent)


def write_onnx(network, scan, path):
    names = list(network(scan).keys())

    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, x):
            return tuple(self.network(x).values())

    torch.onnx.export(Listed().eval(), scan, path, input_names=["scan"], output_names=names, opset_version=16)


def main():
    settings = json.loads(sys.stdin.readline())
    torch.set_num_threads(settings["threads"])
    network = MultiRNet(Options(**settings["options"]))
    files = read_safetensors(settings["tensors"])
    load(network, {k[len("weights.") :]: v for k, v in files.items() if k.startswith("weights.")})
    scan, mask, one_hot = files["scan"], files["mask"], files["oneHot"]
    training = settings["work"] == "step"
    network.train(training)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)
    del files

    def forward_of(run, x):
        def forward():
            with torch.no_grad():
                return run(x)

        return forward

    def step_of(run, x):
        def step():
            optimiser.zero_grad(set_to_none=True)
            loss = loss_of(run(x), mask, one_hot)
            loss.backward()
            optimiser.step()
            return loss.item()

        return step

    body = step_of if training else forward_of
    ways = ways_of(network, scan, training, body)
    variant = settings["variant"]
    if variant == "trial":
        print(json.dumps({"seconds": seconds_of(ways[settings["way"]]())}), flush=True)
        return
    chosen = fastest(ways, settings) if variant == "tuned" else variant
    begun = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    work = ways[chosen]()
    work()  # compiled
    network.load_state_dict(begun)
    optimiser.state.clear()
    optimiser.zero_grad(set_to_none=True)
    del begun

    def check(path):
        if not training:
            write_safetensors(path, work())
            return
        heads = network(scan)
        loss = loss_of(heads, mask, one_hot)
        loss.backward()
        grads = {f"gradient.{k}": v.grad for k, v in named_state(network).items() if v.requires_grad}
        write_safetensors(path, {**heads, "loss": loss.reshape(1), **grads})

    def say(**words):
        print(json.dumps(words), flush=True)

    forget_peak()
    say(version=torch.__version__, threads=torch.get_num_threads(), residentKb=resident_kb("VmRSS"), way=chosen)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "check":
            check(rest[0])
            say(done=True)
        elif word == "onnx":
            write_onnx(network, scan, rest[0])
            say(done=True)
        elif word == "run":
            start = time.perf_counter()
            work()
            say(ms=1000 * (time.perf_counter() - start), peakKb=resident_kb("VmHWM"))


if __name__ == "__main__":
    main()
