"""Weights files: an npz of plain numbers with a description, checked before anything is built.

Nothing is unpickled. A matrix may be stored as two factors ``NAME.left @ NAME.right``.
"""

import io
import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from lrp_audio.arguments import as_number, described
from lrp_audio.errors import ModelError
from lrp_audio.files import write_aside
from lrp_audio.fronts.fitting import OFFSETS
from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.models.npz import LONGEST_LIST, array_names, read_array, write_npz
from lrp_audio.regular import read_regular
from lrp_audio.types import Array, Parameters
from lrp_audio.zips import open_zip

FORMAT = 2
_READ = (1, 2)
_READ_WORDS = " and ".join(map(str, _READ))
_HEADER = "description"
_MAX_HEADER = 65_536
_MAX_CLASSES = 1000
_MAX_BYTES = 2**27
_MAX_NUMBERS = 2**26
_STORED = (np.dtype(np.float32), np.dtype(np.float16))


@dataclass(frozen=True)
class Description:
    """The content of a weights file: architecture (such as ``audionet``) and class names.

    `offset` says whether the mean of a recording is removed before the network (``removed``) or
    not (``kept``, as in files of format 1). Probabilities are those of the logits over
    `temperature`, of which None stands for a network whose probabilities were never calibrated.
    """

    architecture: str
    classes: tuple[str, ...]
    offset: str = "kept"
    temperature: float | None = None


def save_weights(path: Path, description: Description, arrays: Mapping[str, Array]) -> None:
    """Write `arrays` (parameters or factors of them) to `path`, float16 or else float32."""
    text = json.dumps({"format": FORMAT, **asdict(description)}).encode()
    stored = {
        name: array if array.dtype == np.float16 else np.asarray(array, np.float32)
        for name, array in arrays.items()
    }
    header = {_HEADER: np.frombuffer(text, np.uint8)}
    content: dict[str, Any] = {**header, **stored}
    write_aside(path, lambda file: write_npz(file, content))


@dataclass(frozen=True)
class WeightsFile:
    """The bytes of a weights file, read once: all that is taken from it belongs together."""

    path: Path
    content: bytes

    @property
    def sha256(self) -> str:
        """The digest of the file."""
        return sha256(self.content).hexdigest()

    def description(self) -> Description:
        """The description in the file; raises `ModelError` for a damaged one."""
        with self._opened() as archive:
            return _description(self.path, archive)

    def parameters(
        self, shapes: Mapping[str, tuple[int, ...]], dtype: type[np.floating[Any]]
    ) -> Parameters:
        """Parameters of `shapes`, factors multiplied out, read-only.

        Raises `ModelError` where a name or shape is not as expected, a value is not finite, or the
        file is damaged. Only `shapes` decides how much memory is used.
        """
        path, parameters = self.path, {}
        with self._opened() as archive:
            unread = array_names(archive) - {_HEADER}
            for name, shape in shapes.items():
                factors = [f"{name}.left", f"{name}.right"]
                stored = factors if unread.issuperset(factors) else [name]
                if not unread.issuperset(stored):
                    raise _damaged(path, f"{name} is missing")
                unread.difference_update(stored)
                arrays = [
                    _read(path, archive, part, math.prod(shape)).astype(dtype) for part in stored
                ]
                value = arrays[0] if stored == [name] else _product(path, name, shape, *arrays)
                if value.shape != shape:
                    raise _damaged(path, f"{name} has shape {value.shape}, expected {shape}")
                if not np.isfinite(value).all():
                    raise _damaged(path, f"{name} holds values that are not finite")
                value.setflags(write=False)
                parameters[name] = value
        if unread:
            raise _damaged(
                path, f"it holds {described(min(unread))}, which its architecture does not have"
            )
        return parameters

    def stored(self) -> dict[str, Array]:
        """The arrays as they are stored, without the description."""
        with self._opened() as archive:
            names = sorted(array_names(archive) - {_HEADER})
            return {name: _read(self.path, archive, name, _MAX_NUMBERS) for name in names}

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        with ExitStack() as stack:
            # Of damage, zipfile and its decompressors raise a dozen kinds of errors.
            try:
                archive = stack.enter_context(open_zip(io.BytesIO(self.content), LONGEST_LIST))
            except Exception as error:
                raise _damaged(self.path, f"it is not an npz archive ({error!s:.200})") from error
            yield archive


def read_weights_file(path: Path) -> WeightsFile:
    """The weights file at `path`; raises `ModelError` where it is missing or too large."""
    try:
        return WeightsFile(path, read_regular(path, _MAX_BYTES))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(f"There is no weights file {path}.") from error
    except OSError as error:
        raise ModelError(
            f"The weights file {path} cannot be read ({error.strerror}): give the path of a file "
            "that this program wrote."
        ) from error


def set_temperature(path: Path, temperature: float | None) -> None:
    """Write `temperature` into the description of the file at `path`; the rest stays."""
    file = read_weights_file(path)
    save_weights(path, replace(file.description(), temperature=temperature), file.stored())


def read_description(path: Path) -> Description:
    """The description in the weights file at `path`; raises `ModelError` for a damaged file."""
    return read_weights_file(path).description()


def read_weights(
    path: Path, shapes: Mapping[str, tuple[int, ...]], dtype: type[np.floating[Any]]
) -> Parameters:
    """The parameters in the weights file at `path`: see `WeightsFile.parameters`."""
    return read_weights_file(path).parameters(shapes, dtype)


@single_threaded_blas()
def _product(path: Path, name: str, shape: tuple[int, ...], left: Array, right: Array) -> Array:
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
        raise _damaged(path, f"the factors of {name} do not fit each other")
    if (left.shape[0], right.shape[1]) != shape:
        raise _damaged(path, f"the factors of {name} do not give the shape {shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(left @ right)


def _description(path: Path, archive: zipfile.ZipFile) -> Description:
    raw = _read(path, archive, _HEADER, _MAX_HEADER, (np.dtype(np.uint8),))
    try:
        found = json.loads(raw.tobytes())
        version, architecture, classes = (found[k] for k in ("format", "architecture", "classes"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path, "its description cannot be read") from error
    if version not in _READ:
        raise _damaged(path, f"its format is {version!r:.20}, this lrp_audio reads {_READ_WORDS}")
    if not isinstance(architecture, str):
        raise _damaged(path, "its architecture is not a word")
    if not (
        isinstance(classes, list)
        and 2 <= len(classes) <= _MAX_CLASSES
        and all(isinstance(name, str) and name and name.isprintable() for name in classes)
        and len(set(classes)) == len(classes)
    ):
        raise _damaged(path, f"its class names are not 2 to {_MAX_CLASSES} different words")
    offset, temperature = found.get("offset", "kept"), found.get("temperature")
    if offset not in OFFSETS:
        raise _damaged(path, f"its offset is {offset!r:.20}, not {' or '.join(OFFSETS)}")
    if temperature is not None:
        number = as_number(temperature)
        if number is None or not 0 < number < math.inf:
            raise _damaged(path, f"its temperature is {temperature!r:.20}, no number above 0")
        temperature = float(number)
    return Description(architecture, tuple(classes), offset, temperature)


def _read(
    path: Path,
    archive: zipfile.ZipFile,
    name: str,
    limit: int,
    expected: tuple[np.dtype[Any], ...] = _STORED,
) -> Array:
    """One array of at most `limit` numbers."""
    try:
        return read_array(archive, name, limit, expected)
    except Exception as error:
        raise _damaged(path, f"{name} cannot be read ({error!s:.200})") from error


def _damaged(path: Path, what: str) -> ModelError:
    return ModelError(
        f"The weights file {path} is damaged or of another kind: {what}. Train or fetch it again."
    )
