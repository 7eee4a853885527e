"""Settings of the whole suite."""

import os
from pathlib import Path

import numba
import pytest
from hypothesis import HealthCheck, settings

# With NUMBA_DISABLE_JIT=1 every kernel is plain Python, to be debugged: only small cases then.
_SMALL = ("lrp", "fixtures", "folding", "forward", "gradients", "identities", "network")
_SMALL += ("rules_against_oracle",)
collect_ignore = [
    path.name
    for path in Path(__file__).parent.glob("test_*.py")
    if numba.config.DISABLE_JIT and path.stem.removeprefix("test_") not in _SMALL
]
collect_ignore += (
    ["browser", "commands", "explain", "interchange", "peers"] if numba.config.DISABLE_JIT else []
)

# The first example of a test may compile kernels, which is slow once.
settings.register_profile(
    "suite",
    deadline=None,
    max_examples=int(os.environ.get("LRP_AUDIO_EXAMPLES", "40")),
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def fsdd() -> Path:
    """FSDD's recordings beside the checkout, or where LRP_AUDIO_FSDD says; else the test skips."""
    beside = Path(__file__).parents[2] / "shared" / "data" / "fsdd" / "recordings"
    folder = Path(os.environ.get("LRP_AUDIO_FSDD", beside))
    if not folder.is_dir():
        pytest.skip(f"needs FSDD's recordings in {folder} (set LRP_AUDIO_FSDD)")
    return folder
