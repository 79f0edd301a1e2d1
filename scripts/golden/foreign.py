"""Small files of weights as PyTorch and NumPy write them: python3 scripts/golden/foreign.py

Writes packages/artifacts/src/foreign/testing/*. Needs Debian's python3-torch and python3-numpy.
"""

import collections
import os
import pickle
from pathlib import Path

import numpy as np
import torch

FOLDER = Path(__file__).resolve().parents[2] / "packages/artifacts/src/foreign/testing"

numbers = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 4
state = collections.OrderedDict(
    [
        ("rows", numbers),
        ("columns", numbers.t()),  # a view of the same storage
        ("part", numbers[1:, 2:]),
        ("half", torch.tensor([0.5, -2.0], dtype=torch.float16)),
        ("brain", torch.tensor([1.0, -3.0], dtype=torch.bfloat16)),
        ("double", torch.tensor([1 / 3], dtype=torch.float64)),
        ("counter", torch.tensor(7)),
        ("mask", torch.tensor([True, False])),
        ("empty", torch.zeros(0, 3)),
    ]
)
torch.save(state, FOLDER / "state.pt")
torch.save(state, FOLDER / "state-older.pt", _use_new_zipfile_serialization=False)

layer = torch.nn.Linear(2, 1)
with torch.no_grad():
    layer.weight.copy_(torch.tensor([[1.0, 2.0]]))
    layer.bias.copy_(torch.tensor([3.0]))
parallel = collections.OrderedDict((f"module.{name}", value) for name, value in layer.state_dict().items())
torch.save({"epoch": 3, "state_dict": parallel, "note": "ok", "best": 0.5}, FOLDER / "checkpoint.pt")
torch.save(dict(layer.named_parameters()), FOLDER / "parameters.pt")
torch.save([1, 2, 3], FOLDER / "list.pt")
torch.save(layer, FOLDER / "module.pt")


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/pickle-was-run",)


torch.save({"weight": numbers, "evil": Evil()}, FOLDER / "evil.pt")
(FOLDER / "evil.pkl").write_bytes(pickle.dumps(Evil(), protocol=2))

np.savez(
    FOLDER / "arrays.npz",
    **{
        "block/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6, dtype=np.float64).reshape(2, 3)),
        "whole": np.int64(9),
    },
)
np.savez(FOLDER / "complex.npz", bad=np.array([1 + 2j]))
