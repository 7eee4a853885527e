"""Unpacking a ZIP archive that nobody vouches for: chosen files only, all sizes bounded."""

import io
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

from tqdm import tqdm

from lrp_audio.errors import DataError
from lrp_audio.files import require_room

Place = Callable[[PurePosixPath], PurePosixPath | None]
"""Where a member of an archive goes, below a folder; None for one that is left out."""

_LARGEST_LIST = 32_000_000  # bytes of the list of members: AudioMNIST's is 4 MB
_LARGEST_FILE = 8_000_000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile bounds the memory of these
_ENCRYPTED = 0x1
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


class _Modest(io.FileIO):
    """A file of which nobody gets much at once.

    zipfile reads the list of members in one go, before anyone can ask how long it is.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        most = _LARGEST_LIST + 1
        found = super().read(most if size is None or size < 0 else min(size, most)) or b""
        if len(found) == most:
            raise zipfile.BadZipFile("its list of members is too long")
        return found


def unpack(archive: Path, place: Place, folder: Path, largest: int) -> None:
    """Unpack the members that have a `place` into `folder`, of at most `largest` bytes in all.

    Raises `DataError` for an archive that is damaged or that no honest program makes: with paths
    that lead out of it, links, or sizes that no such file has. What is in `folder` then is of no
    use. Raises `OSError` for a disk that fails or has too little room.
    """
    try:
        with _Modest(archive) as file, zipfile.ZipFile(file) as opened:
            chosen = _chosen(archive, opened, place)
            size = sum(member.file_size for member in chosen.values())
            if size > largest:
                raise DataError(
                    f"{archive} would unpack to {size / 1e6:,.0f} MB, but the corpus has at most "
                    f"{largest / 1e6:,.0f} MB."
                )
            require_room(folder, size)
            for target, member in tqdm(
                chosen.items(), "unpacking", unit="file", leave=False, disable=None
            ):
                path = folder / target
                path.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(member) as source, path.open("xb") as sink:
                    shutil.copyfileobj(source, sink)
    except _DAMAGE as error:
        raise DataError(f"{archive} is damaged ({str(error) or 'it ends too early'}).") from error


def _chosen(
    archive: Path, opened: zipfile.ZipFile, place: Place
) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The members to unpack, by their place; every path is looked at, chosen or not."""
    chosen: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for member in opened.infolist():
        path = PureWindowsPath(member.filename)  # takes both kinds of slash for one
        if path.anchor or ".." in path.parts:
            raise DataError(f"{archive} has a path that leads out of it, {member.filename!r}.")
        target = None if member.is_dir() else place(PurePosixPath(member.filename))
        if target is None:
            continue
        if fault := _fault(member, target in chosen):
            raise DataError(f"{archive} has a file {fault}, {member.filename!r}.")
        chosen[target] = member
    return chosen


def _fault(member: zipfile.ZipInfo, again: bool) -> str:
    """What speaks against a file, as the end of a sentence; nothing, for most."""
    kind = stat.S_IFMT(member.external_attr >> 16)  # 0 where the archive does not say
    faults = {
        "that comes twice": again,
        "that lies nowhere": member.header_offset < 0,
        "that is a link or a device": kind not in (0, stat.S_IFREG),
        "that is encrypted": bool(member.flag_bits & _ENCRYPTED),
        "packed in an unusual way": member.compress_type not in _METHODS,
        f"of more than {_LARGEST_FILE / 1e6:.0f} MB": member.file_size > _LARGEST_FILE,
    }
    return next((fault for fault, found in faults.items() if found), "")
