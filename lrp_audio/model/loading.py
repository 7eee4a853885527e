"""Models by name or path: shipped ones, weights files, folders of other people's networks."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import DTypeLike

import lrp_audio
from lrp_audio.arguments import described
from lrp_audio.errors import ClipError, ModelError
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.model.arrays import ArrayModel, names_of
from lrp_audio.model.clips import Model
from lrp_audio.models.zoo import load_network
from lrp_audio.outputs import Kind, Output
from lrp_audio.regular import possible_path

if TYPE_CHECKING:
    from lrp_audio.interchange.folder import NetworkFactory

_MOST_LOADED = 4  # models that a process keeps
_loaded: dict[tuple[Path, str, str], Model] = {}


def load(
    name: str | os.PathLike[str],
    dtype: DTypeLike = "float32",
    network: "NetworkFactory | None" = None,
) -> Model:
    """The shipped model `name`, such as ``audionet-digit``, or the model at that path.

    A path is that of a weights file of this project, or of a folder with a ``model.toml`` (see
    `read_folder`); `network` builds the network of a folder whose weights are safetensors. `dtype`
    is ``float32`` (speed) or ``float64`` (precision), in any of NumPy's spellings. Raises
    `ModelError` if there is no such model or its file is damaged, or for another dtype.
    """
    given = os.fspath(name) if isinstance(name, str | os.PathLike) else None
    if not isinstance(given, str) or not possible_path(given):
        raise ModelError(
            f"{described(name)} names no model: give a name, such as 'audionet-digit', or the path "
            "of a weights file or of a folder with a model.toml."
        )
    arithmetic = _arithmetic(dtype)
    if _is_folder(Path(name)):
        from lrp_audio.interchange.folder import read_folder

        found = read_folder(Path(name), arithmetic.name, network)
        return Model(
            found.name,
            found.network,
            found.output,
            arithmetic,
            found.notes,
            found.sha256,
            front=found.front,
        )
    if Path(name).suffix != ".npz" and Path(name).is_file():
        from lrp_audio.interchange.foreign import refuse_bare_file

        refuse_bare_file(Path(name))
    loaded = load_network(name, arithmetic.type)
    output = Output(loaded.classes, temperature=loaded.temperature)
    return Model(
        loaded.name, loaded.network, output, arithmetic, (), loaded.sha256, front=loaded.front
    )


def load_once(path: Path, dtype: str, sha256: str | None = None) -> Model:
    """The model at `path` with the digest `sha256`, loaded once in each process.

    Without a digest it is that of the bytes that are read now; so a command finds out which model
    it was given, and its workers load the same. Raises `ModelError` as `load` does, and where the
    files at `path` have another digest by now.
    """
    kept = _loaded.get((path, dtype, sha256 or ""))
    if kept is not None:
        return kept
    model = load(path, dtype)
    if sha256 is not None and model.sha256 != sha256:
        raise ModelError(
            f"The model {path} was replaced after the command had begun: give the command again."
        )
    while len(_loaded) >= _MOST_LOADED:
        del _loaded[next(iter(_loaded))]
    _loaded[path, dtype, model.sha256] = model
    return model


@overload
def read_onnx(
    path: str | os.PathLike[str],
    front: FrontEnd,
    classes: Sequence[str] | None = None,
    kind: Kind = "class",
    dtype: DTypeLike = "float32",
    input: str | None = None,
    output: str | None = None,
    shape: Sequence[int] | None = None,
) -> Model: ...


@overload
def read_onnx(
    path: str | os.PathLike[str],
    front: None = None,
    classes: Sequence[str] | None = None,
    kind: Kind = "class",
    dtype: DTypeLike = "float32",
    input: str | None = None,
    output: str | None = None,
    shape: Sequence[int] | None = None,
) -> ArrayModel: ...


def read_onnx(
    path: str | os.PathLike[str],
    front: FrontEnd | None = None,
    classes: Sequence[str] | None = None,
    kind: Kind = "class",
    dtype: DTypeLike = "float32",
    input: str | None = None,
    output: str | None = None,
    shape: Sequence[int] | None = None,
) -> ArrayModel:
    """The network in an ONNX file as a `Model` over recordings, or over arrays without a `front`.

    `classes` names the numbers of its output in their order, by default 0, 1, 2 and so on; with
    `kind` ``value`` they are values, as in regression. `input`, `output` and `shape` are as in
    `read_onnx_network`; the shape is by default what `front` makes. Raises `ModelError`.
    """
    from lrp_audio.interchange.read import read_onnx_network

    arithmetic = _arithmetic(dtype)
    if front is not None and shape is None:
        shape = front.input_shape(front.rate if front.length is None else front.length)
    read = read_onnx_network(Path(path), arithmetic.name, input, output, shape)
    made = read.network.shapes[read.network.output]
    ending = "none" if kind == "value" else ("softmax" if read.ending == "none" else read.ending)
    meaning = Output(names_of(int(np.prod(made)), classes), kind, ending)
    meaning.check(made)
    name = Path(path).stem
    if front is None:
        return ArrayModel(name, read.network, meaning, arithmetic, read.notes, read.sha256)
    return Model(name, read.network, meaning, arithmetic, read.notes, read.sha256, front=front)


def example(name: str = "7_female") -> Path:
    """Path of a bundled clip: ``0_female`` to ``9_female`` and ``0_male`` to ``9_male``.

    Raises `ClipError` for another name.
    """
    folder = Path(lrp_audio.__file__).parent / "examples"
    known = {path.stem: path for path in sorted(folder.glob("*.wav"))}
    if not isinstance(name, str) or name not in known:
        raise ClipError(
            f"There is no bundled clip {described(name)}; choose one of {', '.join(known)}."
        )
    return known[name]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:  # such as a name that is too long
        raise ModelError(f"There is no model {path} ({error.strerror}).") from error


def _arithmetic(dtype: DTypeLike) -> "np.dtype[Any]":
    with suppress(TypeError, ValueError):
        if dtype is not None and np.dtype(dtype) in (np.float32, np.float64):
            return np.dtype(dtype)
    raise ModelError(f"A model computes in float32 or float64, not in {described(dtype)}.")
