"""One setting for the threads of the loops and of BLAS, and memory that does not grow."""

import os
import platform
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

import lrp_audio
from lrp_audio.errors import SettingError
from lrp_audio.evaluate import main as evaluate
from lrp_audio.explain import main as explain_command
from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.kernels.threads import (
    available_cores,
    parallel_for,
    thread_count,
)
from lrp_audio.models.audionet import audionet, initial_parameters
from lrp_audio.rules.presets import composite

T = TypeVar("T")


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

    return set(parallel_for(piece, count, 1))


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
    assert set(parallel_for(lambda i, j: current_thread().name, 4, 1)) == {current_thread().name}


@pytest.mark.parametrize("count", [np.int64(3), np.uint8(3)])
def test_a_whole_number_of_any_type_is_taken(count: int) -> None:
    lrp_audio.threads(count)
    assert thread_count() == 3


@pytest.mark.parametrize("count", [0, -1, 1025, 2.5, "2", [2]])
def test_an_impossible_number_of_threads_is_refused(count: Any) -> None:
    with pytest.raises(
        SettingError, match=f"{re.escape(repr(count))} threads were asked for; expected a number"
    ):
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


def in_a_thread(work: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as other:
        return other.submit(work).result()


@pytest.mark.parametrize("name", ["audionet-sex", "alexnet-sex"])
def test_a_thread_finds_what_the_main_thread_finds(name: str) -> None:
    lrp_audio.threads(2)
    model = lrp_audio.load(name)
    clips = [lrp_audio.example(clip) for clip in ("2_male", "5_female", "8_male", "0_female")]

    def found() -> list[NDArray[Any]]:
        batch = model.explain_batch(clips, rules="epsilon-alpha2-beta1")
        *_, last = model.steps(clips[0], rules="epsilon")
        return [last.flow.relevance, last.flow.accounts, *(each.relevance for each in batch)]

    for here, there in zip(found(), in_a_thread(found), strict=True):
        np.testing.assert_array_equal(here, there)


def test_many_threads_find_what_one_finds_while_another_sets_their_number() -> None:
    model = lrp_audio.load("audionet-digit")
    clip = lrp_audio.example("6_female")
    expected = model.explain(clip, rules="epsilon").relevance

    def explained(_: int) -> NDArray[Any]:
        return model.explain(clip, rules="epsilon").relevance

    with ThreadPoolExecutor(8) as others:
        working = [others.submit(explained, number) for number in range(40)]
        while not all(each.done() for each in working):
            for count in (1, 5, 2, None):
                lrp_audio.threads(count)
                sleep(0.001)
        for each in working:
            np.testing.assert_array_equal(each.result(), expected)


@pytest.mark.parametrize("first", ["main", "thread"])
def test_blas_has_one_thread_whoever_set_its_limit_before(first: str) -> None:
    def limited() -> set[int]:
        with single_threaded_blas():
            return blas_threads()

    with threadpool_limits(3, user_api="blas"):  # this thread controls the limit from here on
        assert (in_a_thread(limited) if first == "thread" else limited()) == {1}
        assert blas_threads() == {3}
        assert in_a_thread(limited) == {1} == limited()
    with threadpool_limits(2, user_api="blas"):
        assert blas_threads() == {2}


def test_the_last_thread_that_computes_restores_the_limit() -> None:
    inside, leave = Event(), Event()

    def stay() -> set[int]:
        with single_threaded_blas():
            inside.set()
            leave.wait(10)
            return blas_threads()

    with threadpool_limits(2, user_api="blas"), ThreadPoolExecutor(1) as other:
        with single_threaded_blas():
            staying = other.submit(stay)
            inside.wait(10)
        assert blas_threads() == {1}
        leave.set()
        assert staying.result() == {1}
        assert blas_threads() == {2}


def test_a_limit_that_is_lifted_meanwhile_is_set_again() -> None:
    def limited() -> set[int]:
        with single_threaded_blas():
            return blas_threads()

    with threadpool_limits(2, user_api="blas"):
        with single_threaded_blas():
            threadpool_limits(3, user_api="blas")
            assert in_a_thread(limited) == {1} == blas_threads()
        assert blas_threads() == {2}


def printed(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


LATER = """
import numpy
from threadpoolctl import threadpool_info
from lrp_audio.kernels.blas import single_threaded_blas
blas = lambda: [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
with single_threaded_blas():
    first = blas()
import scipy.linalg
with single_threaded_blas():
    then = blas()
print(len(then) > len(first), set(first + then), set(blas()))
"""


def test_a_blas_that_is_loaded_later_has_one_thread_too() -> None:
    assert printed(LATER, OPENBLAS_NUM_THREADS="2") == "True {1} {2}\n"


AFTER_THE_END = """
import threading, time
from lrp_audio.kernels.threads import parallel_for, threads
threads(3)
def late():
    main.join()
    print(parallel_for(lambda first, last: (first, last), 5, 2))
main = threading.main_thread()
threading.Thread(target=late).start()
"""


def test_a_thread_that_outlives_the_main_thread_goes_on() -> None:
    assert printed(AFTER_THE_END) == "[(0, 2), (2, 4), (4, 5)]\n"


def test_an_error_in_any_piece_is_raised_when_all_are_done() -> None:
    lrp_audio.threads(3)
    done: list[int] = []

    def piece(first: int, last: int) -> None:
        if first == 4:
            raise KeyError(first)
        sleep(0.01)
        done.append(first)

    with pytest.raises(KeyError):
        parallel_for(piece, 9, 1)
    assert sorted(done) == [0, 1, 2, 3, 5, 6, 7, 8]


FORKS = """
import os, sys, threading, time
import numpy as np
import lrp_audio
model = lrp_audio.load("audionet-sex")
clip = lrp_audio.example("1_male")
expected = model.explain(clip).relevance
ended = False
def work():
    while not ended:
        model.explain(clip)
others = [threading.Thread(target=work) for _ in range(3)]
for other in others:
    other.start()
def fork():
    for _ in range(25):
        child = os.fork()
        if child == 0:
            os._exit(0 if np.array_equal(model.explain(clip).relevance, expected) else 1)
        end = time.monotonic() + 30
        while not (found := os.waitpid(child, os.WNOHANG))[0]:
            time.sleep(0.001)
            if time.monotonic() > end:
                os.kill(child, 9)
        results.append(found[1])
results = []
FORKER
ended = True
print(len(results), set(results))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    "forker", ["fork()", "t = threading.Thread(target=fork); t.start(); t.join()"]
)
def test_a_child_that_is_forked_while_threads_compute_computes(forker: str) -> None:
    assert printed(FORKS.replace("FORKER", forker)) == "25 {0}\n"


FORKED_WHILE_COMPILING = """
import os, threading, time
import numpy as np
from lrp_audio.kernels import elementwise
from lrp_audio.kernels.compiling import before_compiling
begun = threading.Event()
def compile_all():
    elementwise.rectify(np.ones((1, 1)))
    elementwise.channel_sums(np.ones((1, 1)))
with before_compiling(begun.set):
    other = threading.Thread(target=compile_all)
    other.start()
    begun.wait()
    child = os.fork()
    if child == 0:
        elementwise.rectify(np.ones((1, 1), np.float32))
        os._exit(0)
    end = time.monotonic() + 60
    while not (found := os.waitpid(child, os.WNOHANG))[0]:
        time.sleep(0.01)
        if time.monotonic() > end:
            os.kill(child, 9)
    other.join()
print(found[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_that_is_forked_while_a_thread_compiles_compiles(tmp_path: Path) -> None:
    assert printed(FORKED_WHILE_COMPILING, NUMBA_CACHE_DIR=str(tmp_path)) == "0\n"


def relevance_of_example(name: str) -> bytes:
    """In another process."""
    lrp_audio.threads(2)
    clip = lrp_audio.example(name)
    return lrp_audio.load("audionet-digit").explain(clip).relevance.tobytes()


@pytest.mark.parametrize("method", get_all_start_methods())
@pytest.mark.parametrize("caller", ["main", "thread"])
def test_processes_find_what_this_one_finds(method: str, caller: str) -> None:
    names = ["4_female", "9_male"]

    def found() -> list[bytes]:
        with get_context(method).Pool(1) as pool:
            return pool.map_async(relevance_of_example, names).get(120)

    expected = [relevance_of_example(name) for name in names]
    assert (in_a_thread(found) if caller == "thread" else found()) == expected


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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="another processor")
def test_a_processor_without_avx2_finds_the_same(tmp_path: Path) -> None:
    def found(**more: str) -> NDArray[np.float64]:
        command = [sys.executable, "-c", WITHOUT_AVX]
        environment = os.environ | more
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return np.array(done.stdout.split(), float)

    plain = found(
        NUMBA_CPU_NAME="generic",
        NUMBA_CPU_FEATURES="",
        NUMBA_CACHE_DIR=str(tmp_path),
        OPENBLAS_CORETYPE="Nehalem",
    )
    here = found()
    np.testing.assert_allclose(plain, here, rtol=1e-4, atol=1e-5 * np.abs(here).max())
    assert len(here) == 2 * 16 * 40
