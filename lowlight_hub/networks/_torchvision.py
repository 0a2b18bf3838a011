"""The parts of torchvision that the networks are made of.

A CUDA wheel of torchvision beside a CPU-only torch cannot load its compiled operators, and then
even `import torchvision` fails for want of two schemas (pytorch/vision#9077). The networks use none
of those operators, so the schemas are declared here where the compiled ones are missing.
"""

import importlib.util
from pathlib import Path

import torch


def _declare_missing_operators() -> torch.library.Library | None:
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None or hasattr(torch.ops.torchvision, "nms"):
        return None
    for compiled in Path(spec.origin).parent.glob("_C*"):
        if compiled.suffix not in (".so", ".pyd"):
            continue
        try:
            torch.ops.load_library(compiled)
            return None
        except OSError:
            continue
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


# The declarations last as long as this object does.
_OPERATORS = _declare_missing_operators()

from torchvision.models.resnet import BasicBlock  # noqa: E402
from torchvision.models.vgg import cfgs as VGG_LAYOUTS  # noqa: E402
from torchvision.models.vgg import make_layers as make_vgg_layers  # noqa: E402
from torchvision.ops import Conv2dNormActivation  # noqa: E402

__all__ = ["VGG_LAYOUTS", "BasicBlock", "Conv2dNormActivation", "make_vgg_layers"]
