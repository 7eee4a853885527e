"""Files that are read and written: regular ones, of a bounded size, whole or not at all."""

import errno
import io
import os
import socket
import subprocess
import sys
import tempfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lrp_audio.files import make_folder, staged, write_aside, write_bytes_aside
from lrp_audio.regular import open_regular, possible_path, read_regular
from lrp_audio.walking import is_folder, walk
from lrp_audio.zips import open_zip

# --- opening -------------------------------------------------------------------------------------


def bound(path: Path) -> None:
    """A socket at `path`, by a short relative name, because the name of a socket is short."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "fifo": (os.mkfifo, "not a regular file"),
    "folder": (Path.mkdir, "is a folder"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    "socket": (bound, "No such device"),
    "link to itself": (lambda path: path.symlink_to(path), "Too many levels"),
    "nothing": (lambda path: None, "No such file"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_regular_file_is_refused_at_once_and_named(tmp_path: Path, kind: str) -> None:
    make, said = OTHERS[kind]
    path = tmp_path / "one"
    make(path)
    with pytest.raises(OSError, match=said) as caught:
        open_regular(path)
    assert caught.value.filename in (str(path), path)


@pytest.mark.parametrize("name", ["a\0b", "\ud801", "n" * 256, "/".join(["n" * 200] * 30)])
def test_a_name_that_no_file_can_have_is_an_error_of_the_system(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError):
        open_regular(tmp_path / name)
    assert possible_path(name) is name.startswith("n")


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_regular(tmp_path / "a", 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes"):
        read_regular(tmp_path / "a", 4)


def test_an_endless_list_of_members_is_not_read(tmp_path: Path) -> None:
    """An archive of 2,000 empty files, whose list has 100 kB, behind a sparse prefix."""
    path = tmp_path / "many.zip"
    with path.open("wb") as file:
        file.truncate(2**31)
        file.seek(0, io.SEEK_END)
        with zipfile.ZipFile(file, "a") as archive:
            for number in range(2000):
                archive.writestr(f"{number}", b"")
    tracemalloc.start()
    try:
        with open_regular(path) as file:
            with pytest.raises(zipfile.BadZipFile, match="too long"), open_zip(file, 20_000):
                pass
            assert tracemalloc.get_traced_memory()[1] < 1e5
            with open_zip(file, 200_000) as archive:
                assert len(archive.namelist()) == 2000
    finally:
        tracemalloc.stop()


# --- folders -------------------------------------------------------------------------------------


def names(folder: Path) -> tuple[list[str], list[str]]:
    unlisted: list[str] = []
    found = sorted(entry.name for entry in walk(folder, unlisted.append) if not is_folder(entry))
    return found, unlisted


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, error: OSError) -> None:
    """Let a folder of that `name` be one that cannot be listed, even by an administrator."""
    real = os.scandir

    def scandir(path: Path) -> "os._ScandirIterator[str]":
        if Path(path).name == name:
            raise error
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)


def test_a_folder_that_cannot_be_listed_is_named_and_the_others_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("open", "closed", "after"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").touch()
    assert names(tmp_path) == (["after.txt", "closed.txt", "open.txt"], [])
    refuse(monkeypatch, "closed", PermissionError(errno.EACCES, "Permission denied"))
    found, (sentence,) = names(tmp_path)
    assert found == ["after.txt", "open.txt"]
    assert sentence == (
        f"{tmp_path / 'closed'} cannot be listed (Permission denied): what lies in it is left out."
    )
    refuse(monkeypatch, "after", FileNotFoundError(errno.ENOENT, "No such file or directory"))
    assert len(names(tmp_path)[1]) == 2


def test_a_folder_deeper_than_python_recurses_is_made_and_searched(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 350)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        make_folder(deep)
        make_folder(deep)
        (deep / "end.txt").touch()
        assert names(tmp_path) == (["end.txt"], [])
    finally:
        sys.setrecursionlimit(before)
        subprocess.run(["rm", "-r", tmp_path / "d"], check=True)


def test_a_folder_deeper_than_a_path_can_be_is_named(tmp_path: Path) -> None:
    """Made from within, a step at a time, as `tar` does."""
    before = os.open(".", os.O_RDONLY)
    made = [os.open(tmp_path, os.O_RDONLY)]
    try:
        for _ in range(25):
            os.mkdir("d" * 200, dir_fd=made[-1])
            made.append(os.open("d" * 200, os.O_RDONLY, dir_fd=made[-1]))
        found, (sentence,) = names(tmp_path)
        assert found == []
        assert "cannot be listed (File name too long)" in sentence
    finally:
        for above in reversed(made[:-1]):
            os.rmdir("d" * 200, dir_fd=above)
        for descriptor in (*made, before):
            os.close(descriptor)


def test_a_folder_where_none_can_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none/below")):
        with pytest.raises(OSError):
            make_folder(path)


# --- writing -------------------------------------------------------------------------------------


def test_a_device_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("pipe", "null"):
        with pytest.raises(OSError, match="not a regular file"):
            write_bytes_aside(tmp_path / name, b"content")
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "null").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["null", "pipe"]


class Full(io.FileIO):
    """A file on a disk that is full after a number of bytes."""

    left = 1000

    def write(self, data: "bytes | memoryview", /) -> int:  # type: ignore[override]
        if len(data) > self.left:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left -= len(data)
        return super().write(data)


def test_an_error_of_a_full_disk_names_the_folder_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"earlier")
    with pytest.raises(OSError, match="No space left") as caught:
        write_aside(
            tmp_path / "a.bin",
            lambda file: Full(file.fileno(), "wb", closefd=False).write(bytes(2000)),
        )
    assert caught.value.filename == str(tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == b"earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_an_error_of_the_folder_that_is_written_to_names_that_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: str, mode: int = 0o777) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(tempfile._os, "mkdir", refused)  # type: ignore[attr-defined]
    with pytest.raises(PermissionError) as caught, staged(tmp_path):
        pass
    assert caught.value.filename == str(tmp_path)
