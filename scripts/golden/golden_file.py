"""Golden files: what they hold of a network, where they lie, and where their numbers come from."""

import json
import subprocess
from pathlib import Path

import torch

from formula import Named, of_reference, uniform

NETWORKS = Path(__file__).resolve().parents[2] / "packages/networks/src"


def origin(script, *checkouts):
    """The script, the commit of each checkout, and PyTorch's version; ends the program where a checkout has no commit."""
    words = [f"scripts/golden/{script}.py"]
    for checkout in checkouts:
        found = subprocess.run(["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True)
        if found.returncode != 0:
            raise SystemExit(f"{checkout}: expected a checkout with its commit: {found.stderr.strip()}")
        words.append(f"{checkout.name} {found.stdout.strip()[:12]}")
    return ", ".join([*words, f"PyTorch {torch.__version__}"])


def scan_of(shape):
    return torch.from_numpy(uniform("scan", int(torch.tensor(shape).prod())).astype("float32").reshape(shape))


def of_case(case):
    """The numbers of one public implementation: `network`, its `heads` by our names, `shape`, `gradients` by its own names, and what ours needs."""
    network = Named(case["network"], case["heads"]) if "heads" in case else case["network"]
    golden = of_reference(network, scan_of(case["shape"]), case["gradients"], "dtype" in case)
    kept = {key: case[key] for key in ("name", "reference", "referenceOf", "dtype", "options") if key in case}
    return kept | {"scan": list(case["shape"])} | golden


def write(path, network, where, cases):
    """@param network as the registry calls it"""
    text = json.dumps({"network": network, "origin": where, "cases": cases}, ensure_ascii=False)
    (NETWORKS / f"{path}.golden.json").write_text(text + "\n")
    print(path, where, flush=True)
