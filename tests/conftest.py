"""Settings of the whole suite."""

import gc
import os
from pathlib import Path
from typing import Any

import numba
import pytest
from hypothesis import HealthCheck, settings

# With NUMBA_DISABLE_JIT=1 every kernel is plain Python, to be debugged: only small cases then.
_SMALL = {
    "layers/test_forward.py",
    "layers/test_gradients.py",
    "models/test_folding.py",
    "models/test_lrp.py",
    "models/test_network.py",
    "rules/test_fixtures.py",
    "rules/test_identities.py",
    "rules/test_rules_against_oracle.py",
}
_HERE = Path(__file__).parent
collect_ignore = [
    str(path)
    for path in _HERE.rglob("test_*.py")
    if numba.config.DISABLE_JIT and path.relative_to(_HERE).as_posix() not in _SMALL
]

# The first example of a test may compile kernels, which is slow once.
settings.register_profile(
    "suite",
    deadline=None,
    max_examples=int(os.environ.get("LRP_AUDIO_EXAMPLES", "15")),
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """Exempt all modules and tests from garbage collection, which took a fifth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def fsdd() -> Path:
    """FSDD's recordings beside the checkout, or where LRP_AUDIO_FSDD says; else the test skips."""
    beside = Path(__file__).parents[2] / "shared" / "data" / "fsdd" / "recordings"
    folder = Path(os.environ.get("LRP_AUDIO_FSDD", beside))
    if not folder.is_dir():
        pytest.skip(f"needs FSDD's recordings in {folder} (set LRP_AUDIO_FSDD)")
    return folder


@pytest.fixture
def closed_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of the name ``closed`` cannot be listed: rights may not bind who runs the tests."""
    real = os.scandir

    def scandir(path: Any) -> Any:
        if not isinstance(path, int) and Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
