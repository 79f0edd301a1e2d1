"""The peer's side of benchmarks/networks.ts: a public implementation under PyTorch, at its full size.

One JSON line of settings comes in: threads, work (forward or step), name, checkouts (folder), folder (to write weights.pt and the safetensors input, batch and
output to). Then one word a
line, and each is answered with one JSON line. What the implementations print goes to standard error.
"""

import json
import os
import sys
import time
from pathlib import Path

import torch

from multirnet import forget_peak, resident_kb, write_safetensors

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts/golden"))
from whole import made  # noqa: E402


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**words):
        print(json.dumps(words), file=answers, flush=True)

    settings = json.loads(sys.stdin.readline())
    torch.set_num_threads(settings["threads"])
    whole, image = made(settings["name"], Path(settings["checkouts"]))
    folder = Path(settings["folder"])
    torch.save(whole.network.state_dict(), folder / "weights.pt")
    write_safetensors(folder / "input.safetensors", {"input": image})

    @torch.no_grad()
    def forward():
        return whole.forward(image)

    def step():
        whole.network.zero_grad(set_to_none=True)
        loss = sum(head.square().mean() for head in whole.forward(batch).values())
        loss.backward()

    write_safetensors(folder / "output.safetensors", forward())
    is_volume = len(image.shape) == 5 and image.shape[1] == 1
    batch = torch.rand(2, *image.shape[1:]) if is_volume else image
    write_safetensors(folder / "batch.safetensors", {"input": batch})
    work = step if settings["work"] == "step" else forward
    whole.network.train(settings["work"] == "step")
    forget_peak()
    say(
        version=torch.__version__, threads=torch.get_num_threads(), residentKb=resident_kb("VmRSS"),
        shape=batch.shape if settings["work"] == "step" else whole.shape, options=whole.options, reference=whole.reference, referenceOf=whole.reference_of,
    )
    for _ in sys.stdin:
        start = time.perf_counter()
        work()
        say(ms=1000 * (time.perf_counter() - start), peakKb=resident_kb("VmHWM"))


if __name__ == "__main__":
    main()
