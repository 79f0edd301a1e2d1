"""Weights saved by PyTorch, imported and run here: python3 scripts/golden/real_weights.py FOLDER [NAME...]

FOLDER holds checkouts of the public implementations under their own names (see references.py). Each network is made whole, saved by `torch.save` as a
user would, and run on a random image. Then `multirnet weights import` and `multirnet forward` do the same from the files, and the heads are compared,
as shares of their ranges. Needs Debian's python3-torch and python3-numpy, and a built project.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from whole import WHOLE, WRITTEN, made

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks/peer"))
from multirnet import read_safetensors, write_safetensors  # noqa: E402

CHECKOUTS = Path(sys.argv[1]).resolve()
LARGEST_DIFFERENCE = 1e-4


def multirnet(*args):
    program = ROOT / "packages/cli/bin/multirnet.js"
    done = subprocess.run(["node", str(program), *map(str, args)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return done.stdout


def compare(name, folder):
    whole, image = made(name, CHECKOUTS)
    with torch.no_grad():
        found = whole.forward(image)
    files = {kind: folder / f"{name}.{kind}" for kind in ("pt", "yaml", "weights", "input", "output")}
    torch.save(whole.network.state_dict(), files["pt"])
    files["yaml"].write_text("".join(f"{key}: {value}\n" for key, value in whole.options.items()) or "{}\n")
    write_safetensors(files["input"], {"input": image})
    config = ["--network", name.split(":")[0], "--config", files["yaml"]]
    reference = ["--reference", whole.reference] if whole.reference else []
    print(multirnet("weights", "import", *config, *reference, files["pt"], "--out", files["weights"]).split("\n")[1].strip(), flush=True)
    multirnet("forward", *config, "--weights", files["weights"], "--input", files["input"], "--output", files["output"])
    ours = read_safetensors(files["output"])
    for head, theirs in found.items():
        difference = ((ours[head] - theirs).abs().max() / (theirs.max() - theirs.min())).item()
        print(f"{name} {head} {tuple(theirs.shape)}: largest difference {difference:.1e} of the range", flush=True)
        if difference > LARGEST_DIFFERENCE:
            raise SystemExit(f"{name}: {head} differs")


for wanted in sys.argv[2:] or [name for name in WHOLE if name not in WRITTEN]:
    with tempfile.TemporaryDirectory() as folder:
        compare(wanted, Path(folder))
