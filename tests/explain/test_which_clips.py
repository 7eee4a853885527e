"""Which clips files, folders and patterns stand for, and where their results go."""

import os
import shutil
from pathlib import Path

import pytest
from command_line import FILES, clips, explain, explained

from lrp_audio.audio.formats import SUFFIXES
from lrp_audio.explain.clips import find_clips, passed_over_sentence


def outputs(*arguments: Path | str) -> dict[str, str]:
    found, wrong, _ = find_clips(map(Path, arguments))
    assert wrong == []
    return {str(clip.path): clip.output.as_posix() for clip in found}


def complaint(*arguments: Path | str) -> str:
    found, wrong, _ = find_clips(map(Path, arguments))
    assert found == []
    assert len(wrong) == 1
    return str(wrong[0])


def test_a_folder_stands_for_the_recordings_below_it(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "b.wav", "a/b.FLAC", "a/c.ogg", "a/d/b.wav", ".x.wav", ".y/b.wav")
    (rec / "notes.txt").touch()
    (rec / "folder.wav").mkdir()
    found = outputs(rec)
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
    assert list(outputs(rec).values()) == [Path(name).stem for name in names]
    assert list(outputs(f"{rec}/*.[acw]*").values()) == ["a", "b", "d", "f", "h"]


def test_what_a_folder_holds_besides_recordings_is_counted(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "b.wav", "x.m4a", "a/y.M4A", "a/z.wma", ".h.m4a")
    for name in ("notes.txt", "README", "a/heatmap.png", "a/summary.json", "cover.jpg", "b.txt"):
        (rec / name).touch()
    _, errors, others = find_clips([rec, rec / "b.wav", tmp_path / "rec" / "*.txt", rec])
    assert ["matches no recording" in str(error) for error in errors] == [True]
    said = passed_over_sentence(others)
    first, second = said.split(". ", 1)
    assert sorted(first.removeprefix("Passed over: ").split(", ")) == [
        *("1 .jpg", "1 .wma", "1 without a suffix", "2 .m4a", "2 .txt"),
    ]
    assert second.endswith("does not read .m4a, .wma: convert such sound to WAV.")
    matched = find_clips([rec / "*"]).passed_over
    assert {path.name for path in matched} == {
        *("README", "b.txt", "cover.jpg", "notes.txt", "x.m4a", "y.M4A", "z.wma")
    }
    assert passed_over_sentence([]) == ""
    assert "does not read" not in passed_over_sentence([rec / "notes.txt"])


def test_of_many_suffixes_the_most_frequent_are_named(tmp_path: Path) -> None:
    paths = [Path(f"{i}.s{i % 20}") for i in range(60)] + [Path("x.txt")] * 9
    said = passed_over_sentence(paths)
    assert "9 .txt" in said
    assert said.endswith("39 others.")


def test_a_folder_with_nothing_that_is_read_names_what_it_holds(tmp_path: Path) -> None:
    clips(tmp_path / "rec", "x.m4a", "y.m4a", "z.aac")
    for given in ("rec", "rec/*", "*"):
        said = complaint(tmp_path / given)
        assert "2 .m4a, 1 .aac" in said
        assert "does not read .aac, .m4a: convert" in said


def test_a_pattern_stands_for_what_it_matches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rec = clips(tmp_path / "rec", "b.wav", "a/b.wav", "a/d/b.wav", "a/d/c.flac", ".y/b.wav")
    (rec / "notes.txt").touch()
    everything = ["a/b", "a/d/b", "a/d/c", "b"]
    assert list(outputs(f"{rec}/**/*.wav").values()) == ["a/b", "a/d/b", "b"]
    assert sorted(outputs(f"{rec}/*").values()) == everything
    assert sorted(outputs(f"{rec}/**").values()) == everything
    assert list(outputs(f"{rec}/a/?/[c-d].*").values()) == ["d/c"]
    monkeypatch.chdir(rec)
    assert outputs("*/*.wav") == {"a/b.wav": "a/b"}


def test_a_path_that_exists_is_no_pattern(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec [1]", "take[2].wav", "take2.wav")
    assert list(outputs(rec / "take[2].wav").values()) == ["take[2]"]
    assert list(outputs(rec).values()) == ["take2", "take[2]"]


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
    assert list(outputs(*given).values()) == ["b", "a"]


def test_links_that_loop_do_not_hang(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "a.wav")
    for name in ("one", "two"):
        (rec / name).symlink_to(rec)
        (rec / f"{name}.wav").symlink_to(f"{name}.wav")
    # What lies behind a folder's link is not searched; a link to no file is read, which names it.
    assert list(outputs(rec).values()) == ["a", "one", "two"]
    assert list(outputs(f"{rec}/**/*.wav")) == [
        str(rec / name) for name in ("a.wav", "one.wav", "two.wav")
    ]


@pytest.mark.usefixtures("closed_folders")
@pytest.mark.parametrize("given", ["", "**", "*", "**/*.wav", "*/*.wav"])
def test_a_folder_that_cannot_be_listed_is_named_and_the_other_clips_are_found(
    tmp_path: Path, given: str
) -> None:
    clips(tmp_path / "rec", "a/a.wav", "closed/b.wav", "c/c.wav")
    found, (error,), _ = find_clips([tmp_path / "rec" / given])
    assert [clip.path.name for clip in found] == ["a.wav", "c.wav"]
    assert f"{tmp_path / 'rec' / 'closed'} cannot be listed (Permission denied)" in str(error)


def test_what_is_no_file_or_no_longer_there_is_a_clip_that_reading_names(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "a.wav", "b.wav")
    os.mkfifo(rec / "pipe.wav")
    (rec / "gone.wav").symlink_to("nowhere.wav")
    for given in (rec, f"{rec}/*", f"{rec}/**/*.wav"):
        assert list(outputs(given).values()) == ["a", "b", "gone", "pipe"]
    done = explain(tmp_path, rec, "--out", "out")
    assert done.returncode == 2
    assert explained(tmp_path / "out") == ["a", "b"]
    assert "gone.wav does not exist" in done.stderr
    assert "pipe.wav cannot be read (it is not a regular file)" in done.stderr


def test_patterns_match_as_those_of_pathlib(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "a.wav", "a/b.wav", "a/c/d.wav", "e[1]/f.wav", ".h/g.wav")
    (rec / "link").symlink_to(rec / "a")
    for pattern in (
        "*.wav",
        "*/*.wav",
        "a/*",
        "**/c/*.wav",
        "?/*/d.wav",
        "[!a]*/f.wav",
        "**/[bd].*",
    ):
        matched = {p for p in rec.glob(pattern) if p.is_file() and ".h" not in p.parts}
        whole = [p for p in rec.glob(pattern) if p.is_dir() and not p.is_symlink()]
        inside = {p for folder in whole for p in folder.rglob("*.wav") if ".h" not in p.parts}
        expected = {os.path.realpath(path) for path in matched | inside}
        found = {os.path.realpath(path) for path in outputs(f"{rec}/{pattern}")}
        assert found == expected, pattern


def test_outputs_differ_even_where_case_does_not(tmp_path: Path) -> None:
    one = clips(tmp_path / "1", "a.wav", "A.flac", "a-2.wav", "sub/a.wav", "results.csv.wav")
    two = clips(tmp_path / "2", "a.wav", "sub/a.ogg")
    found = list(outputs(one, two).values())
    assert len({output.casefold() for output in found}) == 7
    assert "results.csv" not in found
    assert {"sub/a", "sub/a-2"} <= set(found)


@pytest.mark.usefixtures("drawn_quickly")
def test_earlier_results_are_no_recordings(tmp_path: Path) -> None:
    clips(tmp_path, "a.wav", "b.wav")
    for _ in range(2):
        assert explain(tmp_path, ".", "--out", ".").returncode == 0
        assert explained(tmp_path) == ["a", "b"]


def test_the_command_says_what_it_passes_over(tmp_path: Path) -> None:
    clips(tmp_path / "rec", "a.wav", "b.\x1b[31m", "c.amr")
    done = explain(tmp_path, "rec")
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("Passed over: "))
    assert "1 .amr" in line
    assert "\x1b" not in done.stderr


COLLISIONS = {
    "a file of a result": ["a.wav", "a/summary.json.wav"],
    "in another format": ["b/heatmap.png.flac", "b.wav"],
    "in a folder of that name": ["c.wav", "c/relevance.npz/d.wav", "c/relevance.npz/e.wav"],
    "in another case": ["Word.wav", "word/Audible.WAV.ogg"],
    "the report": ["report.html.wav", "results.csv/f.wav", "Report.HTML/g.wav"],
    "renamed ones": ["g.wav", "g.flac", "g-2.wav", "g-2/summary.json.wav"],
    "an accent": ["caf\u00e9.wav", "cafe\u0301.wav"],
    "work in progress": [".abcdefgh.partial.wav", ".lrp_audio.lock.wav", "...wav"],
}


@pytest.mark.parametrize("case", COLLISIONS)
def test_no_result_gets_into_the_way_of_another(case: str, tmp_path: Path) -> None:
    paths = [tmp_path / "rec" / name for name in COLLISIONS[case]]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    folders = [tmp_path / "rec"] if case != "work in progress" else paths
    for order in (folders, paths, paths[::-1]):
        found = find_clips(order)
        assert len(found.clips) == len(paths)
        out = tmp_path / "out"
        out.mkdir()
        for name in ("report.html", "results.csv"):
            (out / name).write_text("")
        for clip in found.clips:
            folder = out / clip.output
            assert not any(part.startswith(".") for part in clip.output.parts)
            folder.mkdir(parents=True, exist_ok=True)
            for name in FILES:
                with (folder / name).open("x"):
                    pass
        made = {path: path.as_posix().casefold() for path in out.rglob("*")}
        files = [name for path, name in made.items() if path.is_file()]
        assert len(set(files)) == len(files)
        assert not set(files) & {name for path, name in made.items() if path.is_dir()}
        shutil.rmtree(out)
