"""Seals: digests in a stored result, by which a later run knows that nothing of it has changed."""

import json
from collections.abc import Iterable, Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from lrp_audio.regular import open_regular

_SEAL = "sha256"
_FILES = "files"


def sealed(content: Mapping[str, Any], files: Iterable[Path] = ()) -> dict[str, Any]:
    """`content`, which JSON can hold, with size and digest of its `files` and with a seal.

    The seal is a digest of all the rest.
    """
    known = {path.name: {"bytes": path.stat().st_size, "sha256": _digest(path)} for path in files}
    found = {**content, **({_FILES: known} if known else {})}
    return {**found, _SEAL: _seal(found)}


def is_whole(content: Mapping[str, Any], folder: Path, files: Iterable[str] = ()) -> bool:
    """Whether `content` and the `files` in `folder` are as they were when it was sealed.

    Raises `OSError`, `LookupError` or `TypeError` for content that was never sealed so.
    """
    rest = {name: value for name, value in content.items() if name != _SEAL}
    if content[_SEAL] != _seal(rest):
        return False
    return all(
        (folder / name).stat().st_size == content[_FILES][name]["bytes"]
        and _digest(folder / name) == content[_FILES][name]["sha256"]
        for name in files
    )


def _seal(content: Mapping[str, Any]) -> str:
    read_back = json.loads(json.dumps(content, allow_nan=False))
    return sha256(json.dumps(read_back, sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    with open_regular(path) as file:
        return file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
