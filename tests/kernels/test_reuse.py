"""Memory of large arrays is used again, and never by two of them at a time."""

import numpy as np
import pytest

from lrp_audio.kernels import reuse


def test_memory_is_used_again_when_no_array_uses_it() -> None:
    size = (3, 1_111_111)
    first = reuse.empty(size, np.float32)
    place = first.__array_interface__["data"][0]
    view = first[1:, ::2]
    del first
    second = reuse.empty(size, np.float32)
    assert second.__array_interface__["data"][0] != place  # `view` is left
    del view
    assert reuse.empty(size, np.float32).__array_interface__["data"][0] == place


def test_arrays_that_live_at_the_same_time_share_no_memory() -> None:
    arrays = [reuse.empty((400_000 + i,), np.float64) for i in range(6)]
    for i, array in enumerate(arrays):
        array[:] = i
    assert [set(array) for array in arrays] == [{i} for i in range(6)]


def test_little_memory_is_kept_for_later() -> None:
    reuse.release()
    arrays = [reuse.empty((64 << 20,), np.uint8) for _ in range(8)]
    del arrays
    reuse.empty((64 << 20,), np.uint8)
    kept = sum(buffer.size for buffer in reuse._buffers._buffers)
    assert kept <= reuse._MOST + (80 << 20)


def test_of_much_memory_no_more_is_kept_than_was_used_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reuse, "_ALWAYS", 40 << 20)
    reuse.release()
    kept = []
    for size in (30 << 20, 20 << 20, 60 << 20, 10 << 20, 40 << 20):  # one after the other
        array = reuse.empty((size,), np.uint8)
        kept.append(sum(buffer.size for buffer in reuse._buffers._buffers))
        del array
    assert max(kept) <= 60 << 20
    again = [reuse.empty((size,), np.uint8) for size in (40 << 20, 10 << 20)]
    kept.append(sum(buffer.size for buffer in reuse._buffers._buffers))
    del again
    assert max(kept) <= 60 << 20


def test_released_memory_is_not_used_again() -> None:
    array = reuse.empty((3 << 20,), np.uint8)
    reuse.release()
    array[:] = 1
    other = reuse.empty((3 << 20,), np.uint8)
    assert not np.shares_memory(array, other)
