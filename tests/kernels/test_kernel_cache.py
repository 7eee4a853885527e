"""Whatever is wrong with the cache of compiled kernels, the work is done without it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import pytest

import lrp_audio

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="makes folders unusable as on Unix"),
    pytest.mark.slow,
]

# Two kernels, and one of them for two types; what happens between its calls comes from the test.
WORK = """
import numpy as np
from lrp_audio.kernels.compiling import before_compiling
from lrp_audio.kernels.elementwise import channel_sums, rectify
with before_compiling(lambda: print("compiling")):
    assert rectify(np.array([[-1.0, 2.0]])).tolist() == [[0, 2]]
    assert rectify(np.array([[-1, 3]], np.float32)).tolist() == [[0, 3]]
    MEANWHILE
    assert channel_sums(np.array([[-1.0, 2.0]])).tolist() == [-1, 2]
print("done")
"""
SENTENCE = "The compiled kernels could not be kept"


def run(
    cache: Path, meanwhile: str = "pass", package: Path | None = None, home: Path | None = None
) -> tuple[str, str]:
    """What a process that computes prints, with its cache in that folder."""
    changed = {"NUMBA_CACHE_DIR": str(cache)}
    if package is not None:
        changed |= {"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}
    if home is not None:
        changed |= {"HOME": str(home), "XDG_CACHE_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WORK.replace("MEANWHILE", meanwhile)],
        env=os.environ | changed,
        cwd=package,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def one_sentence(said: str) -> bool:
    return said.count(SENTENCE) == 1 and len(said.splitlines()) == 1 and "NUMBA_CACHE_DIR" in said


@pytest.fixture(scope="module")
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the kernels in it, for tests that copy it."""
    folder = tmp_path_factory.mktemp("compiled") / "cache"
    assert run(folder) == ("compiling\ndone\n", "")
    return folder


@pytest.fixture
def kept(compiled_once: Path, tmp_path: Path) -> Path:
    """A folder with the kernels in it."""
    return Path(shutil.copytree(compiled_once, tmp_path / "cache"))


def test_kept_kernels_are_not_compiled_again(kept: Path) -> None:
    assert run(kept) == ("done\n", "")


def test_kept_kernels_run_without_the_registries_of_numbas_compiler(kept: Path) -> None:
    registries = "'numba.np.linalg', 'numba.np.npyimpl', 'scipy.linalg'"
    meanwhile = f"import sys; assert not {{{registries}}} & set(sys.modules)"
    assert run(kept, meanwhile) == ("done\n", "")


def test_after_kept_kernels_others_are_compiled(kept: Path) -> None:
    meanwhile = "assert rectify(np.array([[-3, 4]], np.int16)).tolist() == [[0, 4]]"
    assert run(kept, meanwhile) == ("compiling\ndone\n", "")
    assert run(kept, meanwhile) == ("done\n", "")


def test_kernels_are_compiled_again_after_a_change_of_another_file_of_kernels(
    tmp_path: Path,
) -> None:
    package = copied(tmp_path)
    cache = tmp_path / "cache"
    assert run(cache, package=package) == ("compiling\ndone\n", "")
    assert run(cache, package=package) == ("done\n", "")
    other = package / "lrp_audio" / "kernels" / "blocks.py"
    other.write_text(other.read_text() + "\n# changed\n")
    assert run(cache, package=package) == ("compiling\ndone\n", "")


def garbage(path: Path) -> None:
    path.write_bytes(b"\x80\x04nothing of the kind")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def gone(path: Path) -> None:
    path.unlink()


def test_of_damaged_files_nothing_is_used(compiled_once: Path, tmp_path: Path) -> None:
    def found(case: tuple[str, Callable[[Path], None]]) -> tuple[str, str]:
        suffix, damage = case
        kept = shutil.copytree(compiled_once, tmp_path / f"{damage.__name__}{suffix}")
        damage_all(kept, suffix, damage)
        return run(kept)

    cases = list(product([".nbi", ".nbc"], [garbage, truncated, empty, one_bit, gone]))
    with ThreadPoolExecutor(2) as pool:
        outputs = dict(zip(cases, pool.map(found, cases), strict=True))
    assert outputs == dict.fromkeys(cases, ("compiling\ndone\n", ""))


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_damaged_files_are_replaced(kept: Path, suffix: str) -> None:
    damage_all(kept, suffix, garbage)
    run(kept)
    assert run(kept) == ("done\n", "")


def damage_all(kept: Path, suffix: str, damage: Callable[[Path], None]) -> None:
    files = list(kept.rglob(f"*{suffix}"))
    assert len(files) >= 2
    for path in files:
        damage(path)


def test_the_index_of_another_version_of_numba_is_replaced(kept: Path) -> None:
    import pickle

    for path in kept.rglob("*.nbi"):
        path.write_bytes(pickle.dumps("0.1.0") + path.read_bytes())
    assert run(kept) == ("compiling\ndone\n", "")
    assert run(kept) == ("done\n", "")


def test_a_kernel_kept_under_the_name_of_another_does_not_run(kept: Path) -> None:
    """Two processes that compile at the same time may choose the same name for their data."""
    names = sorted(kept.rglob("*rectify*.nbc"))
    assert len(names) == 2
    doubles, floats = (path.read_bytes() for path in names)
    names[0].write_bytes(floats)
    names[1].write_bytes(doubles)
    assert run(kept) == ("compiling\ndone\n", "")


def test_files_that_cannot_be_read_are_reported_once(kept: Path) -> None:
    for path in kept.rglob("*.nbi"):
        path.unlink()
        path.mkdir()
    out, err = run(kept)
    assert out == "compiling\ndone\n"
    assert one_sentence(err)


def test_a_full_disk_is_reported_once(tmp_path: Path) -> None:
    pytest.importorskip("resource")

    def check(room: int) -> None:
        # Files may not grow beyond `room` bytes: some fit, others do not.
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room},) * 2)"
        cache = tmp_path / f"{room}"
        cache.mkdir()
        out, err = run(cache, limit)
        assert out == "compiling\ndone\n"
        assert one_sentence(err)
        assert not list(cache.rglob("*.tmp.*"))
        assert run(cache)[0].endswith("done\n")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(check, [0, 1000, 10_000]))


def test_a_folder_that_is_lost_meanwhile_is_reported_once(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    lost = f"import pathlib, shutil; shutil.rmtree({str(cache)!r})"
    out, err = run(cache, f"{lost}; pathlib.Path({str(cache)!r}).write_text('')")
    assert out == "compiling\ndone\n"
    assert one_sentence(err)


def test_a_folder_of_the_users_choice_that_cannot_be_used_gives_way_to_numbas(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    package = copied(tmp_path)
    for _ in range(2):
        out, err = run(tmp_path / "file" / "cache", package=package)
        assert err == ""
    assert out == "done\n"


@pytest.mark.parametrize("where", ["package", "user"])
def test_without_any_folder_it_computes_and_reports_that_once(tmp_path: Path, where: str) -> None:
    """In the second case the package's folder cannot be written to, but the user's can."""
    (tmp_path / "file").write_text("")
    package = copied(tmp_path)
    (package / "lrp_audio" / "kernels" / "__pycache__").write_text("")
    home = tmp_path / "file" if where == "package" else tmp_path / "home"
    for _ in range(2):
        out, err = run(tmp_path / "file" / "cache", package=package, home=home)
        if where == "package":
            assert out == "compiling\ndone\n"
            assert one_sentence(err)
        else:
            assert err == ""
    assert out == ("compiling\ndone\n" if where == "package" else "done\n")


def copied(folder: Path) -> Path:
    """A copy of the package without compiled files, to be imported from that folder."""
    source = Path(lrp_audio.__file__).parent
    shutil.copytree(
        source,
        folder / "site" / "lrp_audio",
        ignore=shutil.ignore_patterns("__pycache__", "weights", "examples"),
    )
    return folder / "site"


def test_processes_that_write_at_the_same_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    # One begins with double precision, one with single: both choose a name for `rectify`.
    first, second = [line for line in WORK.splitlines(True) if "rectify(" in line]
    turned = WORK.replace(first, "").replace(second, second + first)
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", work.replace("MEANWHILE", "pass")],
            env=environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for work in (WORK, turned)
    ]
    for process in running:
        assert process.communicate(timeout=300)[1] == ""
        assert process.returncode == 0
    assert run(tmp_path)[1] == ""
