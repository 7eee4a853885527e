"""Folders, patterns, batches, and going on after a kill: the command on many clips."""

import csv
import gc
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from test_explain_command import FILES, Terminal, errors, example, explain

import lrp_audio.explanation
from lrp_audio.audio.formats import SUFFIXES
from lrp_audio.inputs import find_clips, passed_over_sentence
from lrp_audio.model import Model
from lrp_audio.models.zoo import shipped


@pytest.fixture(autouse=True)
def drawn_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take longer than all else and are tested elsewhere."""

    def blank(path: Path, *anything: object) -> None:
        Path(path).write_bytes(b"picture")

    monkeypatch.setattr(lrp_audio.explanation, "save_heatmap", blank)


def clips(folder: Path, *names: str) -> Path:
    """Copies of bundled clips in `folder`, which is made; the digit is the place in `names`."""
    for digit, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(example(digit % 10, "male"), path)
    return folder


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def explained(out: Path) -> list[str]:
    folders = [path.parent for path in out.rglob("summary.json")]
    return sorted(f.relative_to(out).as_posix() for f in folders if not f.name.startswith("."))


def table(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def places(*arguments: Path | str) -> dict[str, str]:
    found, wrong, _ = find_clips(map(Path, arguments))
    assert wrong == []
    return {str(clip.path): clip.place.as_posix() for clip in found}


def complaint(*arguments: Path | str) -> str:
    found, wrong, _ = find_clips(map(Path, arguments))
    assert found == []
    assert len(wrong) == 1
    return str(wrong[0])


# --- which clips -----------------------------------------------------------------------------


def test_a_folder_stands_for_the_recordings_below_it(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "b.wav", "a/b.FLAC", "a/c.ogg", "a/d/b.wav", ".x.wav", ".y/b.wav")
    (rec / "notes.txt").touch()
    (rec / "folder.wav").mkdir()
    found = places(rec)
    assert list(found.values()) == ["a/b", "a/c", "a/d/b", "b"]
    assert [str(Path(path).relative_to(rec)) for path in found] == [
        "a/b.FLAC",
        "a/c.ogg",
        "a/d/b.wav",
        "b.wav",
    ]


def test_every_recording_that_is_read_is_found_whatever_its_suffix(tmp_path: Path) -> None:
    names = ["a.wave", "b.aiff", "c.AIF", "d.au", "e.oga", "f.caf", "g.Flac", "h.w64"]
    names += [name for name in ("i.mp3", "j.opus") if Path(name).suffix in SUFFIXES]
    rec = clips(tmp_path / "rec", *names)
    assert list(places(rec).values()) == [Path(name).stem for name in names]
    assert list(places(f"{rec}/*.[acw]*").values()) == ["a", "b", "d", "f", "h"]


def test_what_a_folder_holds_besides_recordings_is_counted(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "b.wav", "x.m4a", "a/y.M4A", "a/z.wma", ".h.m4a")
    for name in ("notes.txt", "README", "a/heatmap.png", "a/summary.json", "cover.jpg", "b.txt"):
        (rec / name).touch()
    _, errors, others = find_clips([rec, rec / "b.wav", tmp_path / "rec" / "*.txt", rec])
    assert ["matches no recording" in str(error) for error in errors] == [True]
    said = passed_over_sentence(others)
    assert said is not None
    first, second = said.split(". ", 1)
    assert sorted(first.removeprefix("Passed over: ").split(", ")) == [
        *("1 .jpg", "1 .wma", "1 without a suffix", "2 .m4a", "2 .txt"),
    ]
    assert second.endswith("does not read .m4a, .wma: convert such sound to WAV.")
    matched = find_clips([rec / "*"]).passed_over
    assert {path.name for path in matched} == {
        *("README", "b.txt", "cover.jpg", "notes.txt", "x.m4a", "y.M4A", "z.wma")
    }
    assert passed_over_sentence([]) is None
    assert "does not read" not in (passed_over_sentence([rec / "notes.txt"]) or "")


def test_of_many_suffixes_the_most_frequent_are_named(tmp_path: Path) -> None:
    paths = [Path(f"{i}.s{i % 20}") for i in range(60)] + [Path("x.txt")] * 9
    said = passed_over_sentence(paths) or ""
    assert "9 .txt" in said
    assert said.endswith("39 others.")


def test_a_folder_with_nothing_that_is_read_names_what_it_holds(tmp_path: Path) -> None:
    clips(tmp_path / "rec", "x.m4a", "y.m4a", "z.aac")
    for given in ("rec", "rec/*", "*"):
        said = complaint(tmp_path / given)
        assert "2 .m4a, 1 .aac" in said
        assert "does not read .aac, .m4a: convert" in said


def test_the_command_says_what_it_passes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "explain_batch", stopped)
    clips(tmp_path / "rec", "a.wav", "b.\x1b[31m", "c.amr")
    done = explain(tmp_path, "rec")
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("Passed over: "))
    assert "1 .amr" in line
    assert "\x1b" not in done.stderr


def test_a_pattern_stands_for_what_it_matches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rec = clips(tmp_path / "rec", "b.wav", "a/b.wav", "a/d/b.wav", "a/d/c.flac", ".y/b.wav")
    (rec / "notes.txt").touch()
    everything = ["a/b", "a/d/b", "a/d/c", "b"]
    assert list(places(f"{rec}/**/*.wav").values()) == ["a/b", "a/d/b", "b"]
    assert sorted(places(f"{rec}/*").values()) == everything
    assert sorted(places(f"{rec}/**").values()) == everything
    assert list(places(f"{rec}/a/?/[c-d].*").values()) == ["d/c"]
    monkeypatch.chdir(rec)
    assert places("*/*.wav") == {"a/b.wav": "a/b"}


def test_a_path_that_exists_is_no_pattern(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec [1]", "take[2].wav", "take2.wav")
    assert list(places(rec / "take[2].wav").values()) == ["take[2]"]
    assert list(places(rec).values()) == ["take2", "take[2]"]


def test_what_stands_for_no_clip_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty holds no recordings" in complaint(tmp_path / "empty")
    assert "*.wav matches no recording" in complaint(tmp_path / "*.wav")
    assert "take[1].wav matches no recording" in complaint(tmp_path / "take[1].wav")
    assert "x" * 300 in complaint(tmp_path / ("x" * 300))


def test_a_file_counts_once_however_often_it_is_named(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "a.wav", "b.wav")
    (rec / "link.wav").symlink_to("a.wav")
    given = (rec / "b.wav", rec, f"{rec}/*.wav", rec / ".." / "rec" / "a.wav")
    assert list(places(*given).values()) == ["b", "a"]


def test_links_that_loop_do_not_hang(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "a.wav")
    for name in ("one", "two"):
        (rec / name).symlink_to(rec)
        (rec / f"{name}.wav").symlink_to(f"{name}.wav")
    assert list(places(rec).values()) == ["a"]
    assert list(places(f"{rec}/**/*.wav").values()) == ["a"]


def test_places_differ_even_where_case_does_not(tmp_path: Path) -> None:
    one = clips(tmp_path / "1", "a.wav", "A.flac", "a-2.wav", "sub/a.wav", "results.csv.wav")
    two = clips(tmp_path / "2", "a.wav", "sub/a.ogg")
    found = list(places(one, two).values())
    assert len({place.casefold() for place in found}) == 7
    assert "results.csv" not in found
    assert {"sub/a", "sub/a-2"} <= set(found)


def test_earlier_results_are_no_recordings(tmp_path: Path) -> None:
    clips(tmp_path, "a.wav", "b.wav")
    for _ in range(2):
        assert explain(tmp_path, ".", "--out", ".").returncode == 0
        assert explained(tmp_path) == ["a", "b"]


# --- many of them ----------------------------------------------------------------------------


def test_results_lie_as_the_clips_do_and_are_those_of_each_alone(tmp_path: Path) -> None:
    clips(tmp_path / "rec", "x/7.wav", "y/7.wav", "y/z/8.wav", "9.wav", "0.wav")
    done = explain(tmp_path, "rec", "--out", "out", "--batch", "3")
    assert done.returncode == 0
    assert errors(done) == []
    out = tmp_path / "out"
    assert explained(out) == ["0", "9", "x/7", "y/7", "y/z/8"]
    model = lrp_audio.load("audionet-digit")
    for name in explained(out):
        assert all((out / name / file).is_file() for file in FILES)
        alone = model.explain(tmp_path / "rec" / f"{name}.wav")
        with np.load(out / name / "relevance.npz") as arrays:
            np.testing.assert_allclose(
                arrays["relevance"], alone.relevance, atol=1e-4 * np.abs(alone.relevance).max()
            )


def test_of_more_than_three_clips_each_has_one_line_and_a_row(tmp_path: Path) -> None:
    clips(tmp_path / "rec", "a.wav", "b.wav", "c.wav", "d.wav")
    (tmp_path / "rec" / "b.wav").write_text("no sound")
    done = explain(tmp_path, "rec", "--target", "three")
    assert done.returncode == 2
    assert "1 of 4 clips could not be explained." in done.stderr
    out = tmp_path / "lrp_out"
    rows = table(out)
    assert [row["clip"] for row in rows] == [f"rec/{name}.wav" for name in "abcd"]
    assert "not a WAV" in rows.pop(1)["error"]
    *lines, last = done.stdout.splitlines()
    assert last == "To see and hear: lrp_out/report.html"
    for row, line in zip(rows, lines, strict=True):
        summary = json.loads((tmp_path / row["folder"] / "summary.json").read_text())
        assert row["predicted"] == summary["predicted"]["class"]
        assert float(row["probability"]) == summary["predicted"]["probability"]
        assert row["target"] == summary["target"] == "three"
        assert float(row["relevance_sum"]) == summary["relevance_sum"]
        assert row["error"] == ""
        share = summary["predicted"]["probability"]
        assert line == f"{row['clip']}: {row['predicted']} {share:.1%} -> {row['folder']}"


def stopped(*arguments: Any) -> list[Any]:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("count", "stderr", "shown"),
    [(2, Terminal, True), (1, Terminal, False), (2, io.StringIO, False)],
)
def test_a_bar_moves_on_a_terminal_when_there_are_several_clips(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    stderr: type[io.StringIO],
    shown: bool,
) -> None:
    monkeypatch.setattr(Model, "explain_batch", stopped)
    given = [example(digit, "male") for digit in range(count)]
    assert (f"0/{count}" in explain(tmp_path, *given, stderr=stderr).stderr) == shown


def test_an_argument_without_clips_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = explain(tmp_path, "empty", example(1, "male"), "*.flac")
    assert done.returncode == 2
    assert [line.split()[1] for line in errors(done)] == ["empty", "*.flac"]
    assert explained(tmp_path / "lrp_out") == ["1_male"]


def with_one_infinite(
    explain_batch: Callable[..., list[Any]], clip: str
) -> Callable[..., list[Any]]:
    def explain(*arguments: Any) -> list[Any]:
        return [
            replace(e, relevance=e.relevance + (np.inf if clip in e.clip.name else 0))
            for e in explain_batch(*arguments)
        ]

    return explain


def test_a_clip_that_cannot_be_saved_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips(tmp_path / "rec", "a.wav", "b.wav", "c.wav", "d.wav")
    out = tmp_path / "lrp_out"
    out.mkdir()
    (out / "b").write_text("in the way")
    monkeypatch.setattr(Model, "explain_batch", with_one_infinite(Model.explain_batch, "c.wav"))
    done = explain(tmp_path, "rec")
    assert done.returncode == 2
    assert explained(out) == ["a", "d"]
    wrong = {row["clip"]: row["error"] for row in table(out) if row["error"]}
    assert list(wrong) == ["rec/b.wav", "rec/c.wav"]
    assert "cannot be written" in wrong["rec/b.wav"]
    assert "not finite" in wrong["rec/c.wav"]
    assert errors(done) == [f"error: {sentence}" for sentence in wrong.values()]


def test_no_more_than_one_batch_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips(tmp_path / "rec", "a.wav", "b.wav", "c.wav", "d.wav", "e.wav")
    earlier: list[weakref.ref[Any]] = []
    sizes = []
    original = Model.explain_batch

    def watched(model: Model, batch: Sequence[Any], *rest: Any) -> list[Any]:
        gc.collect()
        assert [held for held in earlier if held() is not None] == []
        sizes.append(len(batch))
        made = original(model, batch, *rest)
        earlier.extend(weakref.ref(kept) for kept in (*batch, *made, *(e.relevance for e in made)))
        return made

    monkeypatch.setattr(Model, "explain_batch", watched)
    assert explain(tmp_path, "rec", "--batch", "2").returncode == 0
    assert sizes == [2, 2, 1]


NAMES = ['quote".wav', "line\nbreak.wav", "-dash.wav", "comma,.wav", "cr\r.wav", "\x1b[31m.wav"]


def test_no_file_name_leaves_the_output_folder_or_breaks_what_is_written(tmp_path: Path) -> None:
    rec = tmp_path / "rec"
    try:
        clips(rec, *NAMES, os.fsdecode(b"\xff/\xff.wav"))
    except OSError:
        pytest.skip("this disk takes no such file names")
    done = explain(rec, "../rec/", "--out", "../out")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert len(done.stdout.splitlines()) == 8  # with that of the report
    out = tmp_path / "out"
    assert explained(out) == sorted([*(name[:-4] for name in NAMES), os.fsdecode(b"\xff/\xff")])
    named = {row["clip"] for row in table(out)}
    assert named == {*(f"../rec/{name}" for name in NAMES), "../rec/\\udcff/\\udcff.wav"}
    assert all(row["error"] == "" for row in table(out))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "rec"]


# --- going on --------------------------------------------------------------------------------


def test_resume_skips_what_is_complete_and_up_to_date(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "a.wav", "b.wav")
    explain(tmp_path, "rec")
    out = tmp_path / "lrp_out"
    complete = table(out)

    def again() -> str:
        done = explain(tmp_path, "rec", "--resume")
        assert done.returncode == 0
        return done.stdout

    assert again().startswith("2 of 2 clips have their result already and are skipped.\n")
    assert table(out) == complete
    (out / "a" / "heatmap.png").unlink()
    assert "1 of 2 clips" in again()
    (out / "a" / "summary.json").write_text('{"settings": {}}')
    assert "1 of 2 clips" in again()
    shutil.copyfile(example(5, "female"), rec / "b.wav")
    assert "1 of 2 clips" in again()
    assert "2 of 2 clips" in again()


OTHER_SETTINGS = [
    ("--target", "3"),
    ("--rules", "epsilon"),
    ("--dtype", "float64"),
    ("--sound", "masked"),
    ("--sign", "against"),
    ("--layers",),
    ("--domain", "frequency"),
    ("--domain", "time-frequency"),
    ("--domain", "time-frequency", "--window", "128"),
    ("--domain", "time-frequency", "--window", "128", "--hop", "16"),
    ("--model", "other.npz"),
]


def test_resume_skips_nothing_that_was_made_with_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with np.load(shipped()["audionet-digit"]) as arrays:
        np.savez(tmp_path / "other.npz", **{**arrays, "conv1.bias": arrays["conv1.bias"] + 1})
    clip = example(1, "male")
    assert explain(tmp_path, clip).returncode == 0
    assert "1 of 1 clips" in explain(tmp_path, clip, "--resume").stdout
    monkeypatch.setattr(Model, "explain_batch", stopped)
    for other in OTHER_SETTINGS:
        done = explain(tmp_path, clip, "--resume", *other)
        assert (done.returncode, done.stdout) == (130, ""), other


def test_without_resume_results_are_replaced(tmp_path: Path) -> None:
    for target in ("3", "4"):
        done = explain(tmp_path, example(7, "male"), "--target", target)
        assert "skipped" not in done.stdout
    summary = json.loads((tmp_path / "lrp_out" / "7_male" / "summary.json").read_text())
    assert summary["target"] == summary["classes"][4]


def test_after_a_kill_resume_ends_at_the_files_of_a_run_that_was_not_killed(
    tmp_path: Path,
) -> None:
    clips(tmp_path / "rec", *(f"{index % 3}/{index}.wav" for index in range(12)))
    arguments = ("rec", "--batch", "2", "--out")
    out = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-m", "lrp_audio.explain", *arguments, "killed"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while process.poll() is None and len(explained(out)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    finished = explained(out)
    assert 3 <= len(finished) < 12
    # Wherever the kill fell, this is what it may leave at the worst.
    half = out / finished[0]
    (half / ".abcdefgh.partial").mkdir()
    (half / "summary.json").rename(half / ".abcdefgh.partial" / "summary.json")

    done = explain(tmp_path, *arguments, "killed", "--resume")
    assert done.returncode == 0
    assert f"{len(finished) - 1} of 12 clips" in done.stdout
    assert explain(tmp_path, *arguments, "whole").returncode == 0
    assert below(out) == below(tmp_path / "whole")
    assert [row["predicted"] for row in table(out)] == [
        row["predicted"] for row in table(tmp_path / "whole")
    ]
    for name in explained(out):
        soundfile.read(out / name / "audible.wav")
        np.load(out / name / "relevance.npz").close()


def test_a_stop_from_the_keyboard_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "explain_batch", stopped)
    done = explain(tmp_path, example(1, "male"), example(2, "male"))
    assert done.returncode == 130
    assert "--resume" in done.stderr
    assert not list(tmp_path.iterdir())


def test_processes_that_share_the_clips_write_what_one_writes(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "a.wav", "b.wav", "c.wav")
    (rec / "broken.wav").write_bytes(b"no sound")
    for jobs in ("1", "2"):
        out = tmp_path / jobs
        assert (
            explain(tmp_path, "rec", "--batch", "2", "--jobs", jobs, "--out", out).returncode == 2
        )
        assert explained(out) == ["a", "b", "c"]
        assert (out / "report.html").is_file()
    one, two = table(tmp_path / "1"), table(tmp_path / "2")
    for row in (*one, *two):
        row["folder"] = Path(row["folder"]).name
    assert one == two
    first, second = (np.load(tmp_path / jobs / "b" / "relevance.npz") for jobs in ("1", "2"))
    np.testing.assert_array_equal(first["relevance"], second["relevance"])
