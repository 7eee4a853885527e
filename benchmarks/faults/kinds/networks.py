"""Weights, checkpoints and references, damaged: archives of arrays with a description in JSON."""

import io
import json
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.archives import mutated_archive
from benchmarks.faults.kinds.kind import Kind, file_kind
from benchmarks.faults.trees import changed, json_text
from lrp_audio.interchange.folder import reference_of
from lrp_audio.models.weights import Description, read_description, read_weights, save_weights
from lrp_audio.training.checkpoint import resume, save_checkpoint
from lrp_audio.training.optimiser import Adam

_SHAPES = {"conv.weight": (4, 1, 3), "fc.weight": (6, 8), "fc.bias": (6,)}
_SETTINGS = {"seed": 0, "batch": 4}


def _parameters() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {name: rng.standard_normal(s).astype(np.float32) for name, s in _SHAPES.items()}


@cache
def _weights() -> dict[str, bytes]:
    arrays = _parameters()
    matrix = arrays.pop("fc.weight")
    arrays |= {"fc.weight.left": np.eye(6, dtype=np.float16), "fc.weight.right": matrix}
    description = Description("audionet", ("no", "yes"), "removed", 1.5)
    with tempfile.TemporaryDirectory() as folder:
        save_weights(Path(folder) / "seed.npz", description, arrays)
        return _members(Path(folder) / "seed.npz")


@cache
def _checkpoint() -> dict[str, bytes]:
    optimiser = Adam(_parameters(), 1.0, 0.01, 0.999)
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(Path(folder) / "seed", optimiser, _SETTINGS, 1.0)
        return _members(Path(folder) / "seed")


@cache
def _reference() -> dict[str, bytes]:
    file = io.BytesIO()
    np.savez(file, input=np.ones((2, 1, 8), np.float32), output=np.zeros((2, 3)))
    return _members(file)


def _members(file: Any) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _with_other_text(
    members: dict[str, bytes], name: str, rng: np.random.Generator
) -> dict[str, bytes]:
    """`members` in which the JSON that the array `name` holds is changed, in some cases."""
    if rng.random() < 0.7:
        return members
    array = np.load(io.BytesIO(members[name]))
    text = json_text(changed(json.loads(array.tobytes()), rng), rng)
    file = io.BytesIO()
    np.save(file, np.frombuffer(text, np.uint8))
    return members | {name: file.getvalue()}


def _read_weights(path: Path) -> None:
    read_description(path)
    read_weights(path, _SHAPES, np.float32)


def _read_checkpoint(path: Path) -> None:
    resume(path, Adam(_parameters(), 1.0, 0.01, 0.999), dict(_SETTINGS))


NETWORKS: tuple[Kind, ...] = (
    file_kind(
        "weights (.npz)",
        "weights.npz",
        lambda rng: mutated_archive(_with_other_text(_weights(), "description.npy", rng), rng),
        _read_weights,
    ),
    file_kind(
        "checkpoint",
        "my.npz.checkpoint",
        lambda rng: mutated_archive(_with_other_text(_checkpoint(), "settings.npy", rng), rng),
        _read_checkpoint,
    ),
    file_kind(
        "reference.npz",
        "reference.npz",
        lambda rng: mutated_archive(_reference(), rng),
        lambda path: reference_of(path.parent),
    ),
)
