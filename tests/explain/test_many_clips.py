"""Folders, patterns and batches: the command on many clips."""

import gc
import io
import json
import os
import re
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import FILES, Terminal, clips, errors, example, explain, explained, stopped, table

import lrp_audio.explanation
from lrp_audio.explanation import Explanation
from lrp_audio.model import Model
from lrp_audio.models.shipped import shipped

pytestmark = pytest.mark.usefixtures("drawn_quickly")


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
        predicted = summary["predicted"]
        doubt = "" if predicted["sure"] else " (not sure)"
        share = f"{predicted['probability']:.1%}{doubt}"
        assert line == f"{row['clip']}: {row['predicted']} {share} -> {row['folder']}"


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


def names_on(page: Path) -> list[str]:
    return re.findall(r"<h2[^>]*>([^<]*)</h2>", page.read_text(encoding="utf-8"))


def test_with_workers_this_process_explains_nothing_and_the_page_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips(tmp_path / "rec", "a.wav", "b.wav", "c.wav", "d.wav", "e.wav")
    given = ("rec", "--rules", "epsilon", "--rules", "epsilon-plus", "--batch", "2")
    assert explain(tmp_path, *given, "--out", "one").returncode == 0
    for name in ("explain", "explain_batch"):
        monkeypatch.setattr(Model, name, stopped)
    for resume in ((), ("--resume",)):  # with it, results of before are shown
        done = explain(tmp_path, *given, "--jobs", "2", "--out", "two", *resume)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == "To see and hear: two/report.html"
        one, two = (names_on(tmp_path / out / "report.html") for out in ("one", "two"))
        assert one == two
        assert len(one) == 5
        (tmp_path / "two" / "report.html").unlink()


def test_each_clip_is_explained_once_for_its_files_and_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips(tmp_path / "rec", "a.wav", "b.wav", "c.wav")
    seen: list[tuple[str, str]] = []
    original = Model._explain

    def counted(model: Model, *given: Any) -> Iterator[Explanation]:
        for found in original(model, *given):
            seen.append((Path(found.clip.name).name, found.rules))
            yield found

    monkeypatch.setattr(Model, "_explain", counted)
    given = ("--rules", "epsilon", "--rules", "lrp-0")
    assert explain(tmp_path, "rec", *given, "--batch", "2").returncode == 0
    expected = [(f"{name}.wav", rules) for name in "abc" for rules in ("epsilon", "lrp-0")]
    assert sorted(seen) == expected


def test_a_class_that_is_given_in_several_ways_is_explained_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips(tmp_path / "rec", "zero.wav", "one.wav")
    seen: list[str] = []
    original = Model._explain

    def counted(model: Model, *given: Any) -> Iterator[Explanation]:
        for found in original(model, *given):
            seen.append(f"{Path(found.clip.name).stem}: {found.target_name} {found.rules}")
            yield found

    monkeypatch.setattr(Model, "_explain", counted)
    targets = ("--target", "predicted", "--target", "1", "--target", "one", "--target", "1")
    rules = ("--rules", "epsilon", "--rules", "lrp-0", "--rules", "epsilon")
    assert explain(tmp_path, "rec", *targets, *rules).returncode == 0
    expected = {
        f"{name}: {target} {composite}"
        for name, target in (("zero", "zero"), ("zero", "one"), ("one", "one"))
        for composite in ("epsilon", "lrp-0")
    }
    assert sorted(seen) == sorted(expected)


def test_many_jobs_for_few_clips_share_them(tmp_path: Path) -> None:
    """Two clips of one batch go to two workers, which leave this process nothing to explain."""
    clips(tmp_path / "rec", "a.wav", "b.wav")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Model, "explain_batch", stopped)
        assert explain(tmp_path, "rec", "--jobs", "12").returncode == 0
    assert explained(tmp_path / "lrp_out") == ["a", "b"]


def test_weights_of_the_same_name_in_another_folder_are_other_weights(tmp_path: Path) -> None:
    """Also for workers that were started before, in the other folder."""
    with np.load(shipped()["audionet-digit"]) as arrays:
        for folder, shift in (("one", 0.0), ("two", 5.0)):
            (tmp_path / folder).mkdir()
            bias = arrays["fc9.bias"] + shift * np.arange(10, dtype=np.float32)
            np.savez(tmp_path / folder / "my.npz", **{**arrays, "fc9.bias": bias})
    heard = {}
    for folder in ("one", "two"):
        clips(tmp_path / folder / "rec", "a.wav", "b.wav", "c.wav")
        for jobs in ("1", "2"):
            given = ("rec", "--model", "my.npz", "--jobs", jobs, "--batch", "1", "--out", jobs)
            assert explain(tmp_path / folder, *given).returncode == 0
            found = table(tmp_path / folder / jobs)
            assert [row["clip"] for row in found] == [f"rec/{name}.wav" for name in "abc"]
            heard[folder, jobs] = [row["predicted"] for row in found]
    assert heard["one", "1"] == heard["one", "2"] == ["zero", "one", "two"]
    assert heard["two", "1"] == heard["two", "2"] == ["nine"] * 3
