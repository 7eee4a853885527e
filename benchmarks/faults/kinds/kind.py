"""What a kind of hostile inputs is: how one is made, and which function reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Kind:
    """Inputs of the kind `name`.

    `write` makes one in a folder that may hold the last one, and returns the path that `read` gets,
    which calls the library. The same generator makes the same input.
    """

    name: str
    write: Callable[[Path, np.random.Generator], Path]
    read: Callable[[Path], object]


def file_kind(
    name: str,
    file: str,
    content: Callable[[np.random.Generator], bytes],
    read: Callable[[Path], object],
    beside: Callable[[Path], object] | None = None,
) -> Kind:
    """The kind of a single `file`; `beside` writes once what has to lie in the folder as well."""

    def write(folder: Path, rng: np.random.Generator) -> Path:
        path = folder / file
        if beside is not None and not path.exists():
            beside(folder)
        path.write_bytes(content(rng))
        return path

    return Kind(name, write, read)
