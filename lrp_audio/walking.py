"""What lies in a folder and below it; nothing that cannot be listed is passed over in silence."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

Unlisted = Callable[[str], object]
"""Called with a sentence that names a folder which cannot be listed."""


def walk(folder: Path, unlisted: Unlisted) -> Iterator["os.DirEntry[str]"]:
    """Everything below `folder` but hidden files and folders, in no certain order.

    Folders are not entered through links, so that no link can loop.
    """
    waiting = [folder]
    while waiting:  # no recursion: a folder may be thousands deep
        for entry in listed(waiting.pop(), unlisted):
            if entry.name.startswith("."):
                continue
            if is_folder(entry) and not entry.is_symlink():
                waiting.append(Path(entry.path))
            yield entry


def files_below(folder: Path, unlisted: Unlisted) -> list[Path]:
    """All that is neither hidden nor a folder, below `folder`, sorted.

    What is no regular file is among them, so that reading it says so.
    """
    return sorted(Path(entry.path) for entry in walk(folder, unlisted) if not is_folder(entry))


def listed(folder: Path, unlisted: Unlisted) -> list["os.DirEntry[str]"]:
    """The entries of one folder; none where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        unlisted(f"{folder} cannot be listed ({error.strerror}): what lies in it is left out.")
        return []


def is_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether an entry is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # it vanished just now, or is a link that cannot be followed
        return False
