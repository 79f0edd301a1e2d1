"""Golden numbers of MultiR-Net, from the PyTorch network in benchmarks/peer: python3 scripts/golden/multirnet.py

Writes packages/networks/src/multirnet/multirnet.golden.json. Needs Debian's python3-torch and python3-numpy.
"""

import sys
from pathlib import Path

import golden_file
from formula import run

root = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "benchmarks" / "peer"))
from multirnet import MultiRNet, Options, named_state  # noqa: E402

TINY = dict(widths=(2, 3, 4, 5, 6), classifier_widths=(2, 3, 4, 5, 6, 6), dropout=0.0)
SHAPE = (2, 1, 16, 32, 48)
GRADIENTS = [
    "segmentation.first.last.convolution.weight",
    "segmentation.down.2.stage.before.1.unit.convolution.weight",
    "segmentation.up.1.double.convolution.weight",
    "segmentation.fusion.up.2.weight",
    "classifier.modules.3.shortcut.weight",
    "classifier.head.weight",
]
CASES = [
    {
        "name": "tiny: 3×3×3, batch norm, ReLU, one extra pass that the gradient goes through",
        "ours": {"preset": "tiny", "dropout": 0, "passes": 1, "detachPasses": False},
        "peer": dict(TINY, kernel=3, activation="relu", passes=1, detach_passes=False),
        "more": ["segmentation.bottleneckHead.weight", "segmentation.up.3.attention.refine.0.unit.convolution.weight"],
    },
    {
        "name": "5×5×5, batch norm, PReLU: the full preset, narrow",
        "ours": {"preset": "tiny", "dropout": 0, "kernel": 5, "activation": "prelu"},
        "peer": dict(TINY, kernel=5, activation="prelu"),
        "more": ["segmentation.up.0.attention.refine.1.activation.weight", "segmentation.first.activation.weight"],
    },
    {
        "name": "instance norm, group norm in the classifier, ELU, two lesion types, two classes, two extra passes, no reverse attention",
        "ours": {
            "preset": "tiny",
            "dropout": 0,
            "norm": "instance",
            "classifierNorm": "group",
            "activation": "elu",
            "lesions": ["ground-glass", "consolidation"],
            "classes": ["sick", "normal"],
            "passes": 2,
            "reverseAttention": False,
        },
        "peer": dict(
            TINY,
            kernel=3,
            norm="instance",
            classifier_norm="group",
            activation="elu",
            lesions=2,
            classes=2,
            passes=2,
            reverse_attention=False,
        ),
        "more": [],
    },
    {
        "name": "group norm, instance norm in the classifier, three lesion types, other fusion weights",
        "ours": {
            "preset": "tiny",
            "dropout": 0,
            "norm": "group",
            "classifierNorm": "instance",
            "widths": [4, 8, 12, 16, 24],
            "lesions": ["a", "b", "c"],
            "fusionWeights": [1, 0, -0.5, 2],
        },
        "peer": dict(
            TINY,
            kernel=3,
            norm="group",
            classifier_norm="instance",
            activation="relu",
            lesions=3,
            fusion_weights=(1, 0, -0.5, 2),
            widths=(4, 8, 12, 16, 24),
        ),
        "more": ["segmentation.bottleneckHead.weight"],
    },
]

scan = golden_file.scan_of(SHAPE)
cases = []
for case in CASES:
    network = MultiRNet(Options(**case["peer"]))
    golden = run(network, named_state(network), scan, GRADIENTS + case["more"])
    cases.append({"name": case["name"], "options": case["ours"], "scan": SHAPE, **golden})
golden_file.write("multirnet/multirnet", "multirnet", golden_file.origin("multirnet"), cases)
