"""The public implementations at their full size, with the random weights of their own code."""

import torch
from torch import nn

import checkouts
import written

TWO = {"lesions": ["background", "lesion"]}
VOLUME, SLICES = (1, 1, 32, 96, 96), 4
LEVELS = ["auxiliary.head0", "auxiliary.head1", "auxiliary.head2", "lesion"]


class Whole:
    """A network, the shape that it is shown, its heads by our names in its order, and what makes ours the same: options and the reference's name."""

    def __init__(self, network, shape, heads, options=None, reference=None, reference_of=None):
        self.network, self.shape, self.heads = network, shape, heads
        self.options, self.reference, self.reference_of = options or {}, reference, reference_of

    def forward(self, image):
        found = self.network(image)
        if isinstance(found, dict):
            return found
        return dict(zip(self.heads, found if isinstance(found, (tuple, list)) else [found]))


class AboveBackground(Whole):
    """Whose first output is the background, which ours takes off the others."""

    def forward(self, image):
        return {"lesion": written.above_background(self.network(image))}


def images(side):
    return (SLICES, 3, side, side)


def monai(folder):
    checkouts.use(folder, "MONAI")
    import monai.networks.nets as nets

    return nets


def res2net50(folder):
    _, backbone = checkouts.infnet(folder)
    network = backbone.Res2Net(backbone.Bottle2neck, [3, 4, 6, 3], baseWidth=26, scale=4)
    network.fc = nn.Linear(2048, 3)
    return Whole(network, images(224), ["disease"], reference="v1b")


def infnet(folder):
    module, backbone = checkouts.infnet(folder)
    module.res2net50_v1b_26w_4s = lambda pretrained: backbone.Res2Net(backbone.Bottle2neck, [3, 4, 6, 3], baseWidth=26, scale=4)
    heads = ["auxiliary.global", "auxiliary.map4", "auxiliary.map3", "lesion", "auxiliary.edge"]
    return Whole(module.Inf_Net(), images(352), heads)


def transunet(folder):
    VisionTransformer, config = checkouts.transunet(folder)
    config.patches.grid = (14, 14)
    config.n_classes = 2
    config.n_skip = 3
    return Whole(VisionTransformer(config, img_size=224, num_classes=2), images(224), ["lesion"], TWO)


def jcs(folder):
    module, backbone = checkouts.jcs(folder)
    module.res2net101_v1b = lambda *_, **more: backbone.Res2Net(backbone.Bottle2neck, [3, 4, 23, 3], baseWidth=26, scale=4, **more)
    heads = ["lesion", *(f"auxiliary.side{level}" for level in (2, 3, 4, 5))]
    return Whole(checkouts.WithoutSigmoid(module.JCS()), (1, 3, 352, 352), heads)


def unetpp3d(folder):
    return Whole(monai(folder).BasicUNetPlusPlus(3, 1, 2, deep_supervision=True), VOLUME, LEVELS, TWO)


def attention_unet(folder):
    network = monai(folder).AttentionUnet(3, 1, 2, channels=(64, 128, 256, 512, 1024), strides=(2, 2, 2, 2))
    return Whole(network, VOLUME, ["lesion"], TWO)


def zhou(folder):
    nets = monai(folder)
    net = nets.VNet(in_channels=1, out_channels=2)
    net.in_tr = nets.vnet.InputTransition(3, 2, 16, ("elu", {"inplace": True}), bias=False)
    return Whole(written.Zhou(net, 16, 3, 1), VOLUME, ["lesion"], reference="monai", reference_of="vnet")


def densenet(dims, blocks):
    def made(folder):
        network = monai(folder).DenseNet(dims, 1 if dims == 3 else 3, 3, block_config=blocks)
        return Whole(network, VOLUME if dims == 3 else images(224), ["disease"])

    return made


# By our names; a second form of a network stands behind a colon.
WHOLE = {
    "vnet": lambda folder: AboveBackground(monai(folder).VNet(out_channels=2), VOLUME, ["lesion"]),
    "vnet:pytorch": lambda folder: AboveBackground(
        checkouts.vnet_pytorch(folder), VOLUME, ["lesion"], {"preset": "pytorch"}, "pytorch"
    ),
    "zhou": zhou,
    "unet3d": lambda folder: Whole(written.Unet3d((64, 128, 256, 512), 2), VOLUME, ["lesion"], TWO, "ours"),
    "unet3d:monai": lambda folder: Whole(monai(folder).BasicUNet(3, 1, 2), VOLUME, ["lesion"], {"preset": "monai", **TWO}),
    "unetpp3d": unetpp3d,
    "attention-unet": attention_unet,
    "densenet121": densenet(3, (6, 12, 24, 16)),
    "densenet201": densenet(3, (6, 12, 48, 32)),
    "densenet121-2d": densenet(2, (6, 12, 24, 16)),
    "densenet201-2d": densenet(2, (6, 12, 48, 32)),
    "res2net50-2d": res2net50,
    "infnet": infnet,
    "medt": lambda folder: Whole(checkouts.medt(folder).MedT(img_size=128, imgchan=3), images(128), ["lesion"], TWO),
    "transunet": transunet,
    "jcs": jcs,
    "covnet": lambda folder: Whole(checkouts.covnet(folder, 64, (3, 4, 6, 3)), (1, SLICES, 3, 224, 224), ["disease"]),
}

WRITTEN = {"zhou", "unet3d"}  # have no public implementation


def made(name, folder):
    """@returns the network, its running statistics moved by one pass in training, and an image for it"""
    torch.manual_seed(1)
    whole = WHOLE[name](folder)
    with torch.no_grad():
        whole.network.train()
        whole.forward(torch.rand(2, *whole.shape[1:]) if len(whole.shape) == 5 and whole.shape[1] == 1 else torch.rand(whole.shape))
        whole.network.eval()
    return whole, torch.rand(whole.shape)
