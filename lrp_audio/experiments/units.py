"""Units of work: each is done once, and its result is kept in a file for later runs."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from tqdm import tqdm

import lrp_audio
from lrp_audio.commands.workers import Workers
from lrp_audio.files import remove_leftovers, write_bytes_aside
from lrp_audio.regular import read_regular
from lrp_audio.seals import is_whole, sealed

_MOST_BYTES = 100_000_000  # of a result

UnitResult = dict[str, Any]
"""The result of a unit, as JSON can hold it."""


class Unit(Protocol):
    """A piece of an experiment that can be done anywhere: a frozen dataclass of plain values.

    Its fields determine the result. Their names and values, the version and the name of the module
    identify the unit: a change of any of them hides the results that earlier runs have kept.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def work(self) -> UnitResult:
        """Do the work; the same fields give the same result."""
        ...


AnyUnit = TypeVar("AnyUnit", bound=Unit)


class Parts:
    """The results of finished units, one file each in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        remove_leftovers(folder)

    def find(self, unit: Unit) -> UnitResult | None:
        """The result of `unit`, None where it is not done yet or its file was changed."""
        try:
            content = json.loads(read_regular(self._path(unit), _MOST_BYTES))
            if content["unit"] == _identity(unit) and is_whole(content, self.folder):
                found: UnitResult = content["result"]
                return found
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            pass  # there is none, or a file of another program
        return None

    def keep(self, unit: Unit, result: UnitResult) -> None:
        """Write the result of `unit`; the file appears when it is complete."""
        content = sealed({"unit": _identity(unit), "result": result})
        write_bytes_aside(self._path(unit), json.dumps(content, allow_nan=False).encode())

    def _path(self, unit: Unit) -> Path:
        text = json.dumps(_identity(unit), sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"


def run(
    units: Sequence[AnyUnit], parts: Parts, workers: Workers, name: str
) -> Iterator[tuple[AnyUnit, UnitResult]]:
    """All units with their results, in the order given; those that `parts` lacks are done now.

    Each result is kept as soon as it is there, so that a run that was stopped can be resumed.
    `name` labels the progress bar.
    """
    done = {i: found for i, unit in enumerate(units) if (found := parts.find(unit)) is not None}
    left = [(i, unit) for i, unit in enumerate(units) if i not in done]
    with tqdm(total=len(units), initial=len(done), desc=name, unit="unit", disable=None) as bar:
        for (i, unit), result in workers.run(_work, left):
            parts.keep(unit, result)
            done[i] = result
            bar.update()
    return ((unit, done[i]) for i, unit in enumerate(units))


def _work(numbered: tuple[int, Unit]) -> UnitResult:
    return numbered[1].work()


def _identity(unit: Unit) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(unit), default=str))
    experiment = type(unit).__module__.rpartition(".")[2]
    return {"version": lrp_audio.__version__, "experiment": experiment, **plain}
