"""The memory of an explanation of a long clip: less than the outputs of all layers take."""

from collections.abc import Iterator

import pytest

import lrp_audio
from benchmarks.long_clip import memory


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Each thread has its own tiles."""
    lrp_audio.threads(2)
    yield
    lrp_audio.threads(None)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("rules", ["epsilon", "epsilon-plus", "epsilon-alpha2-beta1"])
def test_memory_grows_less_than_the_outputs_of_the_layers(rules: str) -> None:
    short, long = memory(20, rules), memory(50, rules)
    assert long.peak < long.outputs
    assert long.peak - short.peak < 0.9 * (long.outputs - short.outputs)
