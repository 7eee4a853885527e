"""Checkpoints: all that is needed to resume a run after a kill, written aside and renamed."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.files import write_aside
from lrp_audio.models.npz import array_names, open_npz, read_array
from lrp_audio.training.optimiser import Adam
from lrp_audio.types import Parameters

_SETTINGS = "settings"
_MOST_SETTINGS = 65_536  # bytes
_LARGEST = 2**32  # bytes; AlexNet's has 1 GB
_STORED = (np.dtype(np.float32), np.dtype(np.float64))


def save_checkpoint(path: Path, optimiser: Adam, settings: dict[str, Any], seconds: float) -> None:
    """Write to `path` the state of `optimiser`, the `settings` of the run and its time so far."""
    found = {**settings, "step": optimiser.steps, "seconds": seconds}
    text = json.dumps(found, sort_keys=True).encode()
    arrays = {_SETTINGS: np.frombuffer(text, np.uint8), **optimiser.state()}
    write_aside(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]


def resume(path: Path, optimiser: Adam, settings: dict[str, Any]) -> float:
    """Restore `optimiser` from the checkpoint at `path`; returns the seconds of the run so far.

    Raises `ModelError` where it is damaged or belongs to another network or other settings.
    """
    expected = {name: array.shape for name, array in optimiser.state().items()}
    numbers = sum(map(math.prod, expected.values()))
    try:
        with open_npz(path, _LARGEST) as archive:
            content = read_array(archive, _SETTINGS, _MOST_SETTINGS, (np.dtype(np.uint8),))
            state: Parameters = {
                name: read_array(archive, name, numbers, _STORED)
                for name in array_names(archive) & expected.keys()
            }
        found = json.loads(content.tobytes())
        steps, seconds = int(found.pop("step")), float(found.pop("seconds", 0.0))
    except Exception as error:  # zipfile and NumPy raise many kinds of errors for damage
        raise ModelError(
            f"The checkpoint {path} cannot be read ({error!s:.200}); delete it to start afresh."
        ) from error
    if found != settings:
        other = sorted(k for k in found.keys() | settings.keys() if found.get(k) != settings.get(k))
        names = ", ".join(other)
        raise ModelError(
            f"The checkpoint {path} belongs to a run with other settings ({names:.200}); "
            "give the same ones to go on, or delete it to start afresh."
        )
    if {name: array.shape for name, array in state.items()} != expected:
        raise ModelError(
            f"The checkpoint {path} belongs to another network; delete it to start afresh."
        )
    optimiser.restore(state, steps)
    return seconds
