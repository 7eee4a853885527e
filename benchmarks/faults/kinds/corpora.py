"""Folders of recordings with hostile names, meta files and layouts, and archives of corpora."""

import io
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import chdir
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.faults.archives import mutated_archive
from benchmarks.faults.kinds.kind import Kind
from benchmarks.faults.mutation import mutated
from benchmarks.faults.trees import changed, json_text
from lrp_audio.data.archives import unpack
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.layouts import META
from lrp_audio.data.public import PUBLIC
from lrp_audio.data.reading import readable
from lrp_audio.explain.clips import find_clips

_FILES = 6
_RATE = 8000
_SPEAKERS = {"01": {"gender": "male", "age": 30}, "02": {"gender": "female", "age": "28"}}
_NAMES = (
    "7_jackson_0.wav",
    "7_jackson_1.flac",
    "03a01Fa.wav",
    "03a01Fa.flac",
    "7_01_0.wav",
    META,
    "summary.json",
)
_ODD = ("\x1b[2J", "\n", "é", "e\u0301", "\u202e", " ", "..", "%n", "'\"`$(x)", "n" * 200, "", "-")
_DEEPEST = 1200  # folders in each other
_LIMIT = 10_000_000  # bytes to which an archive may unpack


@cache
def _sounds() -> tuple[bytes, ...]:
    noise = 0.1 * np.random.default_rng(3).standard_normal(2000)
    found = []
    for container in ("WAV", "FLAC"):
        file = io.BytesIO()
        soundfile.write(file, noise, _RATE, format=container)
        found.append(file.getvalue())
    return tuple(found)


def _name(rng: np.random.Generator) -> str:
    """A file name as systems allow them: any bytes but / and NUL, at most 255 of them."""
    name = str(_NAMES[rng.integers(len(_NAMES))])
    drawn = rng.random()
    if drawn < 0.5:
        return name
    if drawn < 0.7:
        changed_bytes = mutated([name.encode()], rng).replace(b"/", b"_").replace(b"\0", b"_")
        return os.fsdecode(changed_bytes[:255] or b"_")
    stem, dot, suffix = name.partition(".")
    at = int(rng.integers(len(stem) + 1))
    text = f"{stem[:at]}{_ODD[rng.integers(len(_ODD))]}{stem[at:]}{dot}{suffix}"
    return os.fsdecode(text.encode()[:255])


def _regular(path: Path, rng: np.random.Generator) -> None:
    if path.name == META:
        content = json_text(changed(_SPEAKERS, rng), rng)
    elif rng.random() < 0.5:
        content = _sounds()[rng.integers(2)]
    else:
        content = mutated(_sounds(), rng)
    path.write_bytes(content)
    if rng.random() < 0.05:
        os.truncate(path, int(rng.integers(2**20, 2**36)))  # sparse: it takes no room


def _link(path: Path, rng: np.random.Generator) -> None:
    targets = ("nowhere", ".", "..", "/dev/zero", path.name, "/proc/self/fd/0")
    path.symlink_to(targets[rng.integers(len(targets))])


def _deep(path: Path, rng: np.random.Generator) -> None:
    path.mkdir()
    deep = _DEEPEST if rng.random() < 0.02 else 20
    with chdir(path):  # a path that is longer than systems take can only be made step by step
        for _ in range(rng.integers(1, deep)):
            Path("d").mkdir()
            os.chdir("d")
        _regular(Path("7_jackson_0.wav"), rng)


_ENTRIES: tuple[Callable[[Path, np.random.Generator], object], ...] = (
    _regular,
    _regular,
    _regular,
    _regular,
    _link,
    _deep,
    lambda path, rng: path.mkdir(),
    lambda path, rng: os.mkfifo(path),
)


def _write_corpus(folder: Path, rng: np.random.Generator) -> Path:
    """A few files, links, pipes and folders, in folders as corpora have them."""
    corpus = folder / "corpus"
    _remove(corpus)
    homes = [corpus, corpus / "data", corpus / "data" / "01"]
    homes[-1].mkdir(parents=True)
    speakers = _SPEAKERS if rng.random() < 0.7 else changed(_SPEAKERS, rng)
    (corpus / META).write_bytes(json_text(speakers, rng))
    for _ in range(rng.integers(1, _FILES + 1)):
        path = homes[rng.integers(3)] / _name(rng)
        if not os.path.lexists(path):
            _ENTRIES[rng.integers(len(_ENTRIES))](path, rng)
    return corpus


def _remove(corpus: Path) -> None:
    """Remove a tree that may be deeper than Python's recursion and the system's paths."""
    if corpus.exists():
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(20_000)
        try:
            shutil.rmtree(corpus)
        finally:
            sys.setrecursionlimit(limit)


def _read_corpus(corpus: Path) -> None:
    """As explain finds clips, and as the commands on corpora find recordings and read them."""
    find_clips([corpus])
    said: list[str] = []
    readable(find_recordings([corpus], said.append), _RATE)


# --- the archive of a public corpus ---------------------------------------------------------------


@cache
def _members() -> dict[str, bytes]:
    recordings = {f"fsdd-1/recordings/{digit}_theo_0.wav": _sounds()[0] for digit in range(3)}
    return {"fsdd-1/README.md": b"CC", **recordings}


def _write_archive(folder: Path, rng: np.random.Generator) -> Path:
    (folder / "corpus.zip").write_bytes(mutated_archive(_members(), rng))
    return folder / "corpus.zip"


def _unpack(archive: Path) -> None:
    aside = archive.parent / "aside"
    aside.mkdir()
    try:
        unpack(archive, PUBLIC["fsdd"].destination, aside, _LIMIT)
    finally:
        shutil.rmtree(aside)
    if list(archive.parent.iterdir()) != [archive]:
        raise AssertionError("something was unpacked elsewhere")


CORPORA: tuple[Kind, ...] = (
    Kind("corpus", _write_corpus, _read_corpus),
    Kind("corpus archive", _write_archive, _unpack),
)
