"""Which results of an earlier run are trusted: whole ones, of the same recording."""

import csv
import json
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from command_line import clips, example, explain, table

from lrp_audio.audio.clip import Clip, read_clip
from lrp_audio.explain import run
from lrp_audio.explain.clips import find_clips
from lrp_audio.explain.options import parser
from lrp_audio.explain.page import PageContent
from lrp_audio.explain.request import Request, request_of
from lrp_audio.explain.results import completed
from lrp_audio.explain.run import explain_for_page

SKIPPED = "1 of 1 clips have their result already"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip and its whole result in lrp_out/."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copyfile(example(4, "female"), folder / "four.wav")
    assert explain(folder, "four.wav").returncode == 0
    return folder


@pytest.fixture
def result(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a copy of that result; its clip is beside lrp_out/, the folder of work."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "lrp_out" / "four" / "summary.json"
    # The clip of the copy is another path: the result is made that of this one.
    moved = json.loads(path.read_text(encoding="utf-8"))
    moved["settings"]["clip"] = os.path.realpath("four.wav")
    del moved["sha256"]
    path.write_text(json.dumps(resealed(moved)), encoding="utf-8")
    return path.parent


def resealed(summary: dict[str, Any]) -> dict[str, Any]:
    digest = sha256(json.dumps(summary, sort_keys=True).encode()).hexdigest()
    return {**summary, "sha256": digest}


def request(*options: str) -> Request:
    return request_of(parser().parse_args(options))


def is_trusted() -> bool:
    search = find_clips([Path("four.wav")])
    return len(completed(search.clips, request(), Path("lrp_out"))) == 1


def flipped(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "emptied": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": grown,
    "one bit in the middle": lambda path: flipped(path, path.stat().st_size // 2),
    "the last bit": lambda path: flipped(path, -1),
    "removed": lambda path: path.unlink(),
    "another one": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("name", ["heatmap.png", "audible.wav", "relevance.npz"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_result_with_a_file_that_was_changed_is_not_trusted(
    name: str, damage: str, result: Path
) -> None:
    assert is_trusted()
    DAMAGE[damage](result / name)
    assert not is_trusted()


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda summary: summary.pop(name)


SUMMARIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another class": lambda summary: summary["predicted"].update({"class": "nine"}),
    "another logit": lambda summary: summary["logits"].__setitem__(3, 1.5),
    "another digest": lambda summary: summary["settings"].update(recording="ab" * 32),
    "no digest": lambda summary: summary["settings"].pop("recording"),
    "no files": without("files"),
    "no seal": without("sha256"),
    "no settings": without("settings"),
}


@pytest.mark.parametrize("change", SUMMARIES)
def test_a_summary_that_was_changed_is_not_trusted(change: str, result: Path) -> None:
    path = result / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(summary), encoding="utf-8")
    assert is_trusted()  # spaces do not matter
    SUMMARIES[change](summary)
    path.write_text(json.dumps(summary), encoding="utf-8")
    assert not is_trusted()


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"settings": 1}'])
def test_a_summary_of_another_program_is_not_trusted(content: bytes, result: Path) -> None:
    (result / "summary.json").write_bytes(content)
    assert not is_trusted()


def test_the_time_stamp_of_a_recording_does_not_matter(result: Path) -> None:
    os.utime("four.wav", ns=(10**18, 10**18))
    assert is_trusted()


def test_a_recording_that_is_gone_or_no_file_is_not_waited_for(result: Path) -> None:
    Path("four.wav").unlink()
    assert not is_trusted()
    os.mkfifo("four.wav")
    assert not is_trusted()


def heard(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("drawn_quickly")
def test_a_recording_that_is_replaced_with_its_time_and_size_is_explained_again(
    tmp_path: Path,
) -> None:
    rec = clips(tmp_path / "rec", "one.wav", "two.wav")
    size = max(path.stat().st_size for path in rec.iterdir())
    for path in rec.iterdir():  # of equal size, which adds silence
        path.write_bytes(path.read_bytes().ljust(size, b"\0"))
        os.utime(path, ns=(10**18, 10**18))
    assert explain(tmp_path, "rec").returncode == 0
    first = {row["clip"]: row["predicted"] for row in table(tmp_path / "lrp_out")}
    one, two = (rec / name for name in ("one.wav", "two.wav"))
    content = two.read_bytes()
    two.write_bytes(one.read_bytes())
    one.write_bytes(content)
    for path in (one, two):
        os.utime(path, ns=(10**18, 10**18))
    done = explain(tmp_path, "rec", "--resume")
    assert "skipped" not in done.stdout
    second = {row["clip"]: row["predicted"] for row in table(tmp_path / "lrp_out")}
    assert list(second.values()) == list(first.values())[::-1]
    assert len(set(second.values())) == 2


@pytest.mark.usefixtures("drawn_quickly")
def test_the_digest_is_that_of_the_bytes_that_were_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recording is replaced as soon as it was read, and before anything is written."""
    (tmp_path / "clip.wav").write_bytes(example(2, "male").read_bytes())

    def read_and_replaced(path: Path, channels: int) -> Clip:
        clip = read_clip(path, channels)
        path.write_bytes(example(5, "male").read_bytes())
        return clip

    monkeypatch.setattr(run, "read_clip", read_and_replaced)
    assert explain(tmp_path, "clip.wav").returncode == 0
    (path,) = (tmp_path / "lrp_out").rglob("summary.json")
    settings = json.loads(path.read_text(encoding="utf-8"))["settings"]
    assert settings["recording"] == sha256(example(2, "male").read_bytes()).hexdigest()
    assert SKIPPED not in explain(tmp_path, "clip.wav", "--resume").stdout


def test_the_report_shows_no_other_recording_than_the_one_of_the_result(result: Path) -> None:
    search = find_clips([Path("four.wav")])
    (complete,) = completed(search.clips, request(), Path("lrp_out")).values()
    (clip,) = search.clips
    shown = dict(explain_for_page({clip: complete.recording}, request(), 8))
    assert shown[clip].entry is not None
    Path("four.wav").write_bytes(example(8, "male").read_bytes())
    shown = dict(explain_for_page({clip: complete.recording}, request(), 8))
    assert shown == {clip: PageContent(None, ("four.wav was replaced just now.",))}


def test_results_csv_is_the_same_after_a_resume(result: Path, tmp_path: Path) -> None:
    shutil.copyfile(example(6, "male"), tmp_path / "six.wav")
    rows = []
    for _ in range(2):
        assert explain(tmp_path, "four.wav", "six.wav", "--resume").returncode == 0
        with (tmp_path / "lrp_out" / "results.csv").open(newline="", encoding="utf-8") as file:
            rows.append(list(csv.reader(file)))
    assert rows[0] == rows[1]
