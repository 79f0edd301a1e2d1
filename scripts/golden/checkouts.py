"""The public implementations, imported from checkouts of theirs and not copied; what they import without need is left out.

Each function takes the folder that holds the checkouts under their own names, and returns modules or makers of networks.
"""

import sys
import types

from torch import nn


def use(folder, checkout):
    """Imports come from this checkout; what another one had under the same name is forgotten."""
    shared = ("Code", "Models", "lib", "networks", "res2net", "model", "vnet")
    for name in [name for name in sys.modules if name.split(".")[0] in shared]:
        del sys.modules[name]
    sys.path.insert(0, str(folder / checkout))


def infnet(folder):
    """@returns its module, and that of its backbone"""
    use(folder, "Inf-Net")
    import Code.model_lung_infection.backbone.Res2Net as backbone
    import Code.model_lung_infection.InfNet_Res2Net as module

    return module, backbone


def res2net_plain(folder):
    use(folder, "Res2Net-PretrainedModels")
    import res2net

    return res2net


def medt(folder):
    """Neither plots nor its other models are needed, and its packages would load them."""
    use(folder, "Medical-Transformer")
    for name in ("matplotlib", "matplotlib.pyplot"):
        sys.modules.setdefault(name, types.ModuleType(name))
    for name in ("lib", "lib.models"):
        package = types.ModuleType(name)
        package.__path__ = [str(folder / "Medical-Transformer" / name.replace(".", "/"))]
        sys.modules[name] = package
    import lib.models.axialnet as module

    return module


def transunet(folder):
    """@returns the class of the network, and its config for R50-ViT-B/16"""

    class ConfigDict(dict):
        __getattr__ = dict.__getitem__
        __setattr__ = dict.__setitem__

    collections = types.ModuleType("ml_collections")
    collections.ConfigDict = ConfigDict
    sys.modules["ml_collections"] = collections
    use(folder, "TransUNet")
    from networks.vit_seg_configs import get_r50_b16_config
    from networks.vit_seg_modeling import VisionTransformer

    return VisionTransformer, get_r50_b16_config()


def jcs(folder):
    """@returns its module, and that of its backbone"""
    use(folder, "JCS")
    import Models.joint_model as module
    import Models.res2net as backbone

    return module, backbone


class WithoutSigmoid(nn.Module):
    """JCS ends in a sigmoid: its logits are taken instead, a channel a level."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, scan):
        import torch

        kept = torch.sigmoid
        torch.sigmoid = lambda x: x if x.dim() == 4 and x.shape[1] == 5 else kept(x)
        try:
            return list(self.network(scan).split(1, dim=1))
        finally:
            torch.sigmoid = kept

    def named_parameters(self, *args, **kwargs):
        return self.network.named_parameters()

    def named_buffers(self, *args, **kwargs):
        return self.network.named_buffers()

    def state_dict(self, *args, **kwargs):
        return self.network.state_dict()


def covnet(folder, planes, blocks):
    """@returns a COVNet on a ResNet-50 of its own description, as Debian has no torchvision; with a head of three classes"""
    models = types.ModuleType("torchvision.models")
    models.resnet50 = lambda pretrained: nn.Sequential(*resnet(planes, blocks), nn.Identity(), nn.Identity())
    vision = types.ModuleType("torchvision")
    vision.models = models
    sys.modules |= {"torchvision": vision, "torchvision.models": models}
    use(folder, "COVNet")
    import model as module

    network = module.COVNet(3)
    network.classifer = nn.Linear(32 * planes, 3)
    return network


class Bottleneck(nn.Module):
    """As torchvision names its parts."""

    def __init__(self, before, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, 4 * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or before != 4 * planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, 4 * planes, 1, stride=stride, bias=False), nn.BatchNorm2d(4 * planes)
            )

    def forward(self, x):
        beside = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.relu(self.bn3(self.conv3(x)) + beside)


def resnet(planes, blocks):
    stages, before = [], planes
    for stage, count in enumerate(blocks):
        units = []
        for index in range(count):
            units.append(Bottleneck(before, planes * 2**stage, 2 if index == 0 and stage > 0 else 1))
            before = 4 * planes * 2**stage
        stages.append(nn.Sequential(*units))
    stem = [nn.Conv2d(3, planes, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(planes), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*stem, *stages)


def vnet_pytorch(folder):
    """V-Net of vnet.pytorch. As published it does not run: its norm asks an abstract check, and it repeats its input along the batch; it also flattens
    its output."""
    use(folder, "vnet.pytorch")
    import vnet as module

    module.ContBatchNorm3d = nn.BatchNorm3d
    network = module.VNet(elu=False)

    def first(x, self=network.in_tr):
        return self.relu1(self.bn1(self.conv1(x)) + x)

    def last(x, self=network.out_tr):
        return self.conv2(self.relu1(self.bn1(self.conv1(x))))

    network.in_tr.forward, network.out_tr.forward = first, last
    return network
