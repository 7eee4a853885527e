"""An empty torchvision, for zennit, which imports it only for torchvision's own models.

Those models are not needed here, and not every platform has a CPU build of torchvision.
"""

import importlib.util
import sys
from types import ModuleType


def stand_in_for_torchvision() -> None:
    """If torchvision is missing, provide what zennit imports of it."""
    if importlib.util.find_spec("torchvision") is not None:
        return
    names = "torchvision", "torchvision.models", "torchvision.models.resnet"
    modules = {name: ModuleType(name) for name in names}
    for block in ("BasicBlock", "Bottleneck"):
        setattr(modules[names[-1]], block, type(block, (), {}))
    sys.modules |= modules
