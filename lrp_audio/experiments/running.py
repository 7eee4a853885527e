"""An experiment's units of work: each is done once, kept in a file, and not done again."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Protocol

from tqdm import tqdm

import lrp_audio
from lrp_audio.commands.workers import Workers
from lrp_audio.files import remove_leftovers, write_aside

Result = dict[str, Any]
"""What a unit found, as JSON can hold it."""


class Unit(Protocol):
    """A piece of an experiment that can be done anywhere: a frozen dataclass of plain values.

    Its fields say all that the result depends on; with the version they are its identity.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def work(self) -> Result:
        """Do it; the same fields give the same result."""
        ...


class Parts:
    """The results of units that are done, one file each in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        remove_leftovers(folder)

    def find(self, unit: Unit) -> Result | None:
        """The result of `unit`, if it was done; a damaged file counts as not done."""
        try:
            content = json.loads(self._path(unit).read_text(encoding="utf-8"))
            found: Result = content["result"]
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return found

    def keep(self, unit: Unit, result: Result) -> None:
        """Write the result of `unit`, aside and then renamed."""
        content = json.dumps({"unit": _identity(unit), "result": result}, allow_nan=False).encode()

        def write(file: BinaryIO) -> None:
            file.write(content)

        write_aside(self._path(unit), write)

    def _path(self, unit: Unit) -> Path:
        text = json.dumps(_identity(unit), sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"


def run(
    units: Sequence[Unit], parts: Parts, workers: Workers, name: str
) -> Iterator[tuple[Unit, Result]]:
    """All units with their results, in the order given; those not done before are done now.

    Each result is kept as soon as it is there, so that a run that was stopped goes on.
    """
    done = {i: found for i, unit in enumerate(units) if (found := parts.find(unit)) is not None}
    left = [(i, unit) for i, unit in enumerate(units) if i not in done]
    with tqdm(total=len(units), initial=len(done), desc=name, unit="unit", disable=None) as bar:
        for (i, unit), result in workers.run(_work, left):
            parts.keep(unit, result)
            done[i] = result
            bar.update()
    return ((unit, done[i]) for i, unit in enumerate(units))


def _work(numbered: tuple[int, Unit]) -> Result:
    return numbered[1].work()


def _identity(unit: Unit) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(unit), default=str))
    experiment = type(unit).__module__.rpartition(".")[2]
    return {"version": lrp_audio.__version__, "experiment": experiment, **plain}
