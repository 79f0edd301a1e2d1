"""Weights saved by PyTorch, imported and run here: python3 scripts/golden/real_weights.py FOLDER [OUT]

FOLDER holds checkouts of DengPingFan/Inf-Net, jeya-maria-jose/Medical-Transformer and mattmacy/vnet.pytorch under their own names; they are imported and not copied. Each
network is made whole, with the random weights of its own code, moved by one pass in training so that running statistics are not those of a fresh norm,
saved by `torch.save` as a user would, and run on a random image. Then `multirnet weights import` and `multirnet forward` do the same from the files,
and the heads are compared, as a share of each head's range. Needs Debian's python3-torch and python3-numpy, and a built project.
"""

import subprocess
import sys
import types
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks/peer"))
from multirnet import read_safetensors, write_safetensors  # noqa: E402

CHECKOUTS = Path(sys.argv[1]).resolve()
OUT = Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "out/real-weights")
LARGEST_DIFFERENCE = 1e-4


def infnet():
    sys.path.insert(0, str(CHECKOUTS / "Inf-Net"))
    import Code.model_lung_infection.backbone.Res2Net as backbone
    import Code.model_lung_infection.InfNet_Res2Net as module

    module.res2net50_v1b_26w_4s = lambda pretrained: backbone.Res2Net(backbone.Bottle2neck, [3, 4, 6, 3], baseWidth=26, scale=4)
    return module.Inf_Net(), (2, 3, 352, 352), {}, ["auxiliary.global", "auxiliary.map4", "auxiliary.map3", "lesion", "auxiliary.edge"]


def medt():
    sys.path.insert(0, str(CHECKOUTS / "Medical-Transformer"))
    for name in ("matplotlib", "matplotlib.pyplot"):
        sys.modules.setdefault(name, types.ModuleType(name))
    for name in ("lib", "lib.models"):
        package = types.ModuleType(name)
        package.__path__ = [str(CHECKOUTS / "Medical-Transformer" / name.replace(".", "/"))]
        sys.modules[name] = package
    import lib.models.axialnet as module

    return module.MedT(img_size=128, imgchan=3), (2, 3, 128, 128), {"lesions": ["background", "lesion"]}, ["lesion"]


def vnet():
    sys.path.insert(0, str(CHECKOUTS / "vnet.pytorch"))
    import vnet as module

    # As published it does not run: its norm asks an abstract check, and it repeats its input along the batch. It also flattens its output.
    module.ContBatchNorm3d = torch.nn.BatchNorm3d
    network = module.VNet(elu=False)

    def first(x, self=network.in_tr):
        return self.relu1(self.bn1(self.conv1(x)) + x)

    def last(x, self=network.out_tr):
        return self.conv2(self.relu1(self.bn1(self.conv1(x))))

    network.in_tr.forward, network.out_tr.forward = first, last
    return network, (2, 1, 32, 64, 48), {"preset": "pytorch", "lesions": ["background", "lesion"]}, ["lesion"]


def multirnet(*args):
    program = ROOT / "packages/cli/bin/multirnet.js"
    done = subprocess.run(["node", str(program), *map(str, args)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return done.stdout


def main():
    torch.manual_seed(1)
    OUT.mkdir(parents=True, exist_ok=True)
    for name, make, more in (("infnet", infnet, []), ("medt", medt, []), ("vnet", vnet, ["--reference", "pytorch"])):
        network, shape, options, heads = make()
        with torch.no_grad():
            network.train()(torch.rand(shape))
            image = torch.rand(shape)
            found = network.eval()(image)
        found = dict(zip(heads, found if isinstance(found, (tuple, list)) else [found]))
        files = {kind: OUT / f"{name}.{kind}" for kind in ("pt", "yaml", "weights", "input", "output")}
        torch.save(network.state_dict(), files["pt"])
        files["yaml"].write_text("".join(f"{key}: {value}\n" for key, value in options.items()) or "{}\n")
        write_safetensors(files["input"], {"input": image})
        config = ["--network", name, "--config", files["yaml"]]
        print(multirnet("weights", "import", *config, *more, files["pt"], "--out", files["weights"]).strip())
        multirnet("forward", *config, "--weights", files["weights"], "--input", files["input"], "--output", files["output"])
        ours = read_safetensors(files["output"])
        for head, theirs in found.items():
            difference = ((ours[head] - theirs).abs().max() / (theirs.max() - theirs.min())).item()
            print(f"{name} {head} {tuple(theirs.shape)}: largest difference {difference:.1e} of the range")
            if difference > LARGEST_DIFFERENCE:
                raise SystemExit(f"{name}: {head} differs")


main()
