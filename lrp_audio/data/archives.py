"""Unpacking a ZIP archive from an untrusted source: chosen files only, all sizes bounded."""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

from tqdm import tqdm

from lrp_audio.arguments import described
from lrp_audio.errors import DataError
from lrp_audio.files import make_folder, require_room
from lrp_audio.regular import open_regular
from lrp_audio.zips import METHODS, open_zip

Destination = Callable[[PurePosixPath], PurePosixPath | None]
"""The path below a folder to which a member of an archive is unpacked; None to leave it out."""

_LARGEST_LIST = 32_000_000  # bytes of the list of members; AudioMNIST's has 4 MB
_LARGEST_FILE = 8_000_000
_ENCRYPTED = 0x1
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


def unpack(archive: Path, destination: Destination, folder: Path, largest: int) -> None:
    """Unpack the members that have a `destination` into `folder`, at most `largest` bytes in all.

    Raises `DataError` for an archive that is damaged or malicious: with paths that lead out of it,
    links, or sizes that no recording has. `folder` may then hold some of the files. Raises
    `OSError` for a disk that fails or is full.
    """
    try:
        with open_regular(archive) as file, open_zip(file, _LARGEST_LIST) as opened:
            chosen = _chosen(archive, opened, destination)
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
                make_folder(path.parent)
                with opened.open(member) as source, path.open("xb") as sink:
                    shutil.copyfileobj(source, sink)
    except _DAMAGE as error:
        said = str(error) or "it ends too early"
        raise DataError(f"{archive} is damaged ({said:.200}).") from error


def _chosen(
    archive: Path, opened: zipfile.ZipFile, destination: Destination
) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The members to unpack by their destination; the paths of all members are checked."""
    chosen: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for member in opened.infolist():
        path = PureWindowsPath(member.filename)  # splits at both kinds of slash
        if path.anchor or ".." in path.parts:
            raise DataError(
                f"{archive} has a path that leads out of it, {described(member.filename)}."
            )
        folder = member.filename.endswith("/")  # `is_dir` fails for an empty name
        target = None if folder else destination(PurePosixPath(member.filename))
        if target is None:
            continue
        if fault := _fault(member, target in chosen):
            raise DataError(f"{archive} has a file {fault}, {described(member.filename)}.")
        chosen[target] = member
    return chosen


def _fault(member: zipfile.ZipInfo, again: bool) -> str:
    """Why a file is refused, as the end of a sentence; empty for a good one."""
    kind = stat.S_IFMT(member.external_attr >> 16)  # 0 where the archive does not record it
    faults = {
        "that comes twice": again,
        "that lies nowhere": member.header_offset < 0,
        "that is a link or a device": kind not in (0, stat.S_IFREG),
        "that is encrypted": bool(member.flag_bits & _ENCRYPTED),
        "packed in an unusual way": member.compress_type not in METHODS,
        f"of more than {_LARGEST_FILE / 1e6:.0f} MB": member.file_size > _LARGEST_FILE,
    }
    return next((fault for fault, found in faults.items() if found), "")
