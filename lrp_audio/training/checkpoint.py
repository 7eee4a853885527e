"""Checkpoints: all that is needed to resume a run after a kill, written aside and renamed."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.files import write_aside
from lrp_audio.training.optimiser import Adam
from lrp_audio.types import Parameters

_SETTINGS = "settings"


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
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            state: Parameters = {name: archive[name] for name in archive.files}
        found = json.loads(state.pop(_SETTINGS).tobytes())
        steps, seconds = int(found.pop("step")), float(found.pop("seconds", 0.0))
    except Exception as error:  # zipfile and NumPy raise many kinds of errors for damage
        raise ModelError(
            f"The checkpoint {path} cannot be read ({error}); delete it to start afresh."
        ) from error
    if found != settings:
        other = sorted(k for k in found.keys() | settings.keys() if found.get(k) != settings.get(k))
        raise ModelError(
            f"The checkpoint {path} belongs to a run with other settings ({', '.join(other)}); "
            "give the same ones to go on, or delete it to start afresh."
        )
    expected = {name: array.shape for name, array in optimiser.state().items()}
    if {name: array.shape for name, array in state.items()} != expected:
        raise ModelError(
            f"The checkpoint {path} belongs to another network; delete it to start afresh."
        )
    optimiser.restore(state, steps)
    return seconds
