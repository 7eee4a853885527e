"""The records that participants hand in: one JSON file each, checked before it is used."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

from lrp_audio.arguments import described
from lrp_audio.errors import LrpAudioError, StudyError
from lrp_audio.files import staged
from lrp_audio.regular import read_regular
from lrp_audio.study.design import Condition
from lrp_audio.study.key import Key
from lrp_audio.walking import Unlisted, is_folder, walk

FORMAT = "lrp-audio study record 1"
FOLDER = "records"
_SUFFIXES = (".json", ".json.txt")  # the latter is what some programs make of the former
_MOST_BYTES = 1_000_000
_MOST_FILES = 5_000
_LONGEST_REASON = 120


@dataclass(frozen=True)
class Trial:
    """One answer: ``rt`` in milliseconds, both ratings from 1 to 5."""

    item: str
    condition: Condition
    answer: str
    rt: int
    plays: int
    confidence: int
    usefulness: int


@dataclass(frozen=True)
class Record:
    """One participant's file. ``order`` says which of the key's orders; ``trials`` follow it."""

    participant: str
    order: int
    reloads: int
    checks: tuple[str, ...]
    trials: tuple[Trial, ...]
    synthetic: bool = False


def read_records(folder: Path, key: Key) -> tuple[list[tuple[Path, Record]], list[StudyError]]:
    """The records in `folder` and below it, sorted by name, and the errors of other files.

    Hidden files are ignored. Raises `StudyError` where there is no folder, or more files than any
    study has.
    """
    if not folder.is_dir():
        raise StudyError(f"{folder} is not a folder: put the participants' files there.")
    errors: list[StudyError] = []
    found = _files(folder, lambda sentence: errors.append(StudyError(sentence)))
    paths = sorted(islice(found, _MOST_FILES + 1))
    if len(paths) > _MOST_FILES:
        raise StudyError(f"{folder} holds over {_MOST_FILES} files: at most so many are read.")
    read: list[tuple[Path, Record]] = []
    for path in paths:
        try:
            read.append((path, read_record(path, key)))
        except StudyError as error:
            errors.append(error)
    return read, errors


def _files(folder: Path, unlisted: Unlisted) -> Iterator[Path]:
    """Files, links, and folders that are named like a record."""
    for entry in walk(folder, unlisted):
        plain_folder = is_folder(entry) and not entry.is_symlink()
        if not plain_folder or entry.name.lower().endswith(_SUFFIXES):
            yield Path(entry.path)


def read_record(path: Path, key: Key) -> Record:
    """The record in the file at `path`; raises `StudyError` where it is not one of this study.

    It is JSON in UTF-8, UTF-16 or UTF-32, with a byte-order mark or without.
    """
    if not path.name.lower().endswith(_SUFFIXES):
        raise StudyError(
            f"{path} is left out: records are .json files, unpacked; give it that name if it "
            "is one, or take it away."
        )
    try:
        content = json.loads(
            read_regular(path, _MOST_BYTES), parse_constant=_refuse, parse_float=_number
        )
    except OSError as error:
        raise StudyError(f"{path} cannot be read ({error.strerror}): it is left out.") from error
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{path} is not JSON, or was cut off: it is left out.") from error
    reason = _fault(content) or _misfit(content, key)
    if reason:
        raise StudyError(f"{path} is not a record of this study ({reason}): it is left out.")
    return Record(
        participant=content["participant"],
        order=content["order"],
        reloads=content["reloads"],
        checks=tuple(content["checks"]),
        trials=tuple(Trial(**trial) for trial in content["trials"]),
        synthetic="synthetic" in content,
    )


def write_records(folder: Path, key: Key, records: Iterable[Record]) -> None:
    """Write each of `records` into `folder` in the format of the site."""
    with staged(folder) as aside:
        for record in records:
            content = {"format": FORMAT, "study": key.study, **asdict(record)}
            if not record.synthetic:
                del content["synthetic"]
            text = json.dumps(content, ensure_ascii=False)
            (aside / f"{record.participant}.json").write_text(text, encoding="utf-8")


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _number(text: str) -> int | float:
    """A number with a fraction or an exponent; one such as ``2.0`` is an integer, as in JSON."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _fault(content: Any) -> str:
    """The first place where `content` breaks the schema, in words; empty where it does not."""
    # Not the best one of all: a file of a megabyte may have hundreds of thousands.
    error = next(_validator().iter_errors(content), None)
    if error is None:
        return ""
    # A message begins with the value given, which may be long, and ends with what is wrong.
    said = error.message
    message = said if len(said) <= _LONGEST_REASON else f"…{said[-_LONGEST_REASON:]}"
    return f"at {error.json_path}: {message}" if error.path else message


@cache
def _validator() -> Any:
    try:
        from jsonschema import Draft202012Validator
    except ImportError as error:
        raise LrpAudioError(
            "Records are checked by jsonschema, which is missing: pip install 'lrp-audio[study]'."
        ) from error
    schema = (files("lrp_audio.study") / "record.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(schema))


def _misfit(content: dict[str, Any], key: Key) -> str:
    """Why a record does not belong to `key`; empty where it does."""
    if content["study"] != key.study:
        return f"it belongs to study {content['study']}, not to {key.study}"
    if content["order"] >= len(key.orders):
        return f"there is no order {content['order']}"
    order = key.orders[content["order"]]
    answered = [(trial["item"], trial["condition"]) for trial in content["trials"]]
    if answered != [(shown.item, shown.condition) for shown in order[: len(answered)]]:
        return f"its trials are not those of order {content['order']}"
    unknown = {trial["answer"] for trial in content["trials"]} - set(key.answers)
    return f"{described(min(unknown))} is not an answer to choose from" if unknown else ""
