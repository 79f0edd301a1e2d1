"""Golden numbers of the 3D U-Net of its paper: python3 scripts/golden/unet3d.py

Its authors' code is for Caffe, and PyTorch's public ones change its widths, norms or up-sampling, so it is one of `written.py`. Writes
packages/networks/src/baselines/unet3d.golden.json. Needs Debian's python3-torch and python3-numpy.
"""

import golden_file
from formula import run
from written import Unet3d

WIDTHS, OUTPUTS, SHAPE = (4, 6, 8, 10), 2, (2, 1, 16, 32, 48)

network = Unet3d(WIDTHS, OUTPUTS)
state = {
    name.replace("running_mean", "runningMean").replace("running_var", "runningVar"): tensor
    for name, tensor in network.state_dict(keep_vars=True).items()
    if "num_batches" not in name
}
gradients = [
    "encoder.0.units.0.unit.convolution.weight",
    "encoder.3.units.1.unit.norm.weight",
    "decoder.0.up.weight",
    "decoder.2.convolutions.units.0.unit.convolution.weight",
    "head.weight",
]
golden = run(network, state, golden_file.scan_of(SHAPE), gradients)
case = {"name": "the paper's form, narrow, two outputs", "options": {"widths": WIDTHS, "lesions": ["a", "b"]}, "scan": SHAPE, **golden}
golden_file.write("baselines/unet3d", "unet3d", golden_file.origin("unet3d"), [case])
