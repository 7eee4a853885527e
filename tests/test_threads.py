"""One setting for the threads of the loops and of BLAS, and memory that does not grow."""

import os
import platform
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

import lrp_audio
from lrp_audio.errors import SettingError
from lrp_audio.evaluate import main as evaluate
from lrp_audio.explain import main as explain_command
from lrp_audio.kernels.threads import (
    available_cores,
    single_threaded_blas,
    spread,
    thread_count,
)
from lrp_audio.models.audionet import audionet, initial_parameters
from lrp_audio.rules.presets import composite


@pytest.fixture(autouse=True)
def _as_at_first() -> Iterator[None]:
    yield
    lrp_audio.threads(None)


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def names_of_threads(count: int) -> set[str]:
    from threading import Barrier, BrokenBarrierError, current_thread

    meeting = Barrier(count)

    def piece(first: int, last: int) -> str:
        with suppress(BrokenBarrierError):
            meeting.wait(5)
        return current_thread().name

    return set(spread(piece, count, 1))


def test_by_default_there_is_a_thread_for_each_core() -> None:
    assert thread_count() == available_cores()


def test_the_setting_counts_for_loops_and_blas() -> None:
    lrp_audio.threads(3)
    assert thread_count() == 3
    assert len(names_of_threads(3)) == 3
    with threadpool_limits(2), single_threaded_blas():
        assert blas_threads() == {1}


def test_one_thread_is_the_callers_own() -> None:
    from threading import current_thread

    lrp_audio.threads(1)
    assert set(spread(lambda i, j: current_thread().name, 4, 1)) == {current_thread().name}


@pytest.mark.parametrize("count", [0, -1, 1025])
def test_an_impossible_number_of_threads_is_refused(count: int) -> None:
    with pytest.raises(SettingError, match=f"{count} threads were asked for; expected a number"):
        lrp_audio.threads(count)


@pytest.mark.parametrize("count", ["2", 2.5, True, [2], float("nan")])
def test_what_is_no_number_of_threads_is_refused(count: Any) -> None:
    with pytest.raises(SettingError, match="threads were asked for; expected a number from 1"):
        lrp_audio.threads(count)


@pytest.mark.parametrize("count", [2.0, np.int64(2), np.array(2)])
def test_a_number_of_threads_may_be_of_any_type_that_means_it(count: Any) -> None:
    lrp_audio.threads(count)
    assert thread_count() == 2


def test_commands_take_the_number_of_threads(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain_command(["--threads", "1", "--list-rules"]) == 0
    assert thread_count() == 1
    assert evaluate(["--threads", "5000", "--data", "nowhere"]) == 2
    assert "5000 threads were asked for" in capsys.readouterr().err


def test_the_number_of_threads_does_not_change_the_result() -> None:
    network = audionet(initial_parameters(10, np.random.default_rng(0)))
    x = np.random.default_rng(1).standard_normal((2, 1, 8000), np.float32)
    found = []
    for count in (1, 3):
        lrp_audio.threads(count)
        rules = composite("epsilon-plus", (-32.0, 32.0))
        found.append(network.propagate(x, lambda logits: logits, rules).relevance["input"])
    np.testing.assert_array_equal(*found)


def test_a_batch_keeps_no_more_than_its_pooled_activations() -> None:
    network = audionet(initial_parameters(10, np.random.default_rng(0)))
    for array in network.parameters().values():
        array.setflags(write=False)
    x = np.random.default_rng(1).standard_normal((16, 1, 8000), np.float32)
    rules = composite("epsilon-alpha2-beta1", (-32.0, 32.0))
    network.propagate(x, lambda logits: logits, rules)  # what is packed or scratch stays
    tracemalloc.start()
    network.propagate(x, lambda logits: logits, rules)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    largest = 4 * x.shape[0] * 100 * 4000  # relevance or activation of the first pool
    kept = sum(4 * x.shape[0] * int(np.prod(network.shapes[f"pool{i}"])) for i in range(1, 7))
    kept += kept // 4  # who won
    assert peak < kept + 4 * largest


SMALL = """
from typing import Any

import numpy as np
from lrp_audio.layers import Conv1D, Conv2D, Dense, Flatten, MaxPool1D, MaxPool2D, ReLU
from lrp_audio.models.network import Network, chain
from lrp_audio.rules.presets import PRESETS, composite
import numba
assert numba.config.DISABLE_JIT
rng = np.random.default_rng(0)
for dtype in (np.float32, np.float64):
    def some(*shape):
        return rng.standard_normal(shape).astype(dtype)
    for layers, shape in (
        ([Conv1D(some(16, 16, 3), some(16), pad=(1,)), ReLU(), MaxPool1D((2,))], (16, 9)),
        ([Conv2D(some(16, 16, 3, 3), some(16), pad=(1, 1)), ReLU(), MaxPool2D((2, 2))], (16, 5, 4)),
        ([Conv2D(some(3, 2, 2, 2), some(3), stride=(2, 2)), ReLU()], (2, 5, 5)),
    ):
        named = [(str(i), layer) for i, layer in enumerate([*layers, Flatten()])]
        width = Network(chain(named), shape).shapes[named[-1][0]][0]
        network = Network(chain([*named, ("dense", Dense(some(2, width), some(2)))]), shape)
        x = some(2, *shape)
        for name in PRESETS:
            rules = composite(name, (-9.0, 9.0))
            found = network.propagate(x, lambda y: y, rules)
            *_, last = network.steps(network.activations(x), found.output, rules)
            scale = np.abs(last.flow.relevance).max() + np.abs(found.output).max()
            near = 1e-3 if dtype == np.float32 else 1e-10
            assert np.abs(found.relevance["input"] - last.flow.relevance).max() < near * scale, name
        pullback = network.differentiable(x, rng)[1]
        assert all(np.isfinite(g).all() for g in pullback(found.output).values())
print("well")
"""


def test_all_kernels_run_as_plain_python_where_the_jit_is_off() -> None:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SMALL], env=environment, capture_output=True, text=True
    )
    assert done.stdout == "well\n", done.stderr


WITHOUT_AVX = """
from typing import Any

import numpy as np
from lrp_audio.layers import Conv1D, Dense, Flatten, MaxPool1D, ReLU
from lrp_audio.models.network import Network, chain
from lrp_audio.rules.presets import composite
rng = np.random.default_rng(0)
some = lambda *shape: rng.standard_normal(shape, np.float32)
layers = [Conv1D(some(32, 16, 3), some(32), pad=(1,)), ReLU(), MaxPool1D((2,)), Flatten()]
layers.append(Dense(some(3, 32 * 20), some(3)))
network = Network(chain([(str(i), layer) for i, layer in enumerate(layers)]), (16, 40))
rules = composite("epsilon-plus", (-9.0, 9.0))
found = network.propagate(some(2, 16, 40), lambda y: y, rules).relevance["input"]
print(" ".join(f"{value:.9g}" for value in found.reshape(-1)))
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="another processor")
def test_a_processor_without_avx2_finds_the_same(tmp_path: Path) -> None:
    def found(**more: str) -> NDArray[np.float64]:
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)} | more
        command = [sys.executable, "-c", WITHOUT_AVX]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return np.array(done.stdout.split(), float)

    plain = found(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="", OPENBLAS_CORETYPE="Nehalem")
    here = found()
    np.testing.assert_allclose(plain, here, rtol=1e-4, atol=1e-5 * np.abs(here).max())
    assert len(here) == 2 * 16 * 40
