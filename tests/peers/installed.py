"""torch and zennit, or the sentence why the peer tests are skipped; import them from here.

zennit imports torchvision for its canonizers of torchvision's own models, and there is no need for
those models (nor a CPU build of torchvision everywhere), so an empty stand-in takes its place.
"""

import importlib.util
import os
import sys
from types import ModuleType

import pytest

REQUIRED = os.environ.get("LRP_AUDIO_REQUIRE_PEERS") == "1"


def _stand_in_for_torchvision() -> None:
    names = "torchvision", "torchvision.models", "torchvision.models.resnet"
    modules = {name: ModuleType(name) for name in names}
    for block in ("BasicBlock", "Bottleneck"):
        setattr(modules[names[-1]], block, type(block, (), {}))
    sys.modules |= modules


try:
    import torch

    if importlib.util.find_spec("torchvision") is None:
        _stand_in_for_torchvision()
    import zennit
except ImportError as error:
    if REQUIRED:
        raise
    pytest.skip(
        f"the comparison with zennit needs the extra `peers` ({error}); see docs/peers.md",
        allow_module_level=True,
    )

torch.set_num_threads(1)  # the networks are tiny

__all__ = ["torch", "zennit"]
