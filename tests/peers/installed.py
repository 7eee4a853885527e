"""torch and zennit, or the sentence why the peer tests are skipped; import them from here."""

import os

import pytest

from benchmarks.torchvision_stand_in import stand_in_for_torchvision

REQUIRED = os.environ.get("LRP_AUDIO_REQUIRE_PEERS") == "1"


try:
    import torch

    stand_in_for_torchvision()
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
