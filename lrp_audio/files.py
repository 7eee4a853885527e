"""Writing so that no partial file is ever left: aside first, then renamed."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder to write files in; at the end they move into `folder`, after an error none does."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(
        dir=folder, prefix=".", suffix=".partial", ignore_cleanup_errors=True
    ) as aside:
        yield Path(aside)
        for file in Path(aside).iterdir():
            os.replace(file, folder / file.name)


def write_aside(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Let `write` fill a new file aside, then rename it to `path`."""
    with staged(path.parent) as aside, (aside / path.name).open("xb") as file:
        write(file)
