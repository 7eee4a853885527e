"""A disk that is full: a sentence, what was complete stays, and a later run goes on from there.

The limit of the system on the size of a file stands for the disk.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import FILES, clips, errors, explain, explained

import lrp_audio
from lrp_audio.errors import LrpAudioError
from lrp_audio.report import figure
from lrp_audio.study import stimuli

pytestmark = pytest.mark.slow


@contextmanager
def room(size: int) -> Iterator[None]:
    """Inside the block no file can have more than `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def nothing_partial(folder: Path) -> bool:
    return not list(folder.rglob("*.partial"))


@pytest.mark.parametrize("size", [0, 20_000])
def test_results_that_do_not_fit_are_a_sentence_each_and_leave_nothing(
    tmp_path: Path, size: int
) -> None:
    rec = clips(tmp_path / "rec", "a.wav", "b.wav")
    explain(tmp_path, rec, "--out", "elsewhere")  # compiles and loads what is not to be tested
    with room(size):
        done = explain(tmp_path, rec, "--out", "out")
    assert done.returncode == 2
    assert explained(tmp_path / "out") == []
    assert nothing_partial(tmp_path)
    about = [line for line in errors(done) if "File too large" in line]
    assert len(about) == len(errors(done)) >= 2
    assert [
        f"out/{name} (File too large)" in line for name, line in zip("ab", about[:2], strict=True)
    ] == [True] * 2
    again = explain(tmp_path, rec, "--out", "out", "--resume")
    assert again.returncode == 0
    assert explained(tmp_path / "out") == ["a", "b"]


def test_a_report_that_does_not_fit_costs_no_result(tmp_path: Path) -> None:
    rec = clips(tmp_path / "rec", "a.wav", "b.wav")
    with room(190_000):
        done = explain(tmp_path, rec, "--out", "out")
    (error,) = errors(done)
    assert "report.html cannot be written (File too large)" in error
    assert explained(tmp_path / "out") == ["a", "b"]
    assert sorted(path.name for path in (tmp_path / "out" / "a").iterdir()) == FILES
    assert nothing_partial(tmp_path)
    again = explain(tmp_path, rec, "--out", "out", "--resume")
    assert again.returncode == 0
    assert "2 of 2 clips have their result already" in again.stdout
    assert (tmp_path / "out" / "report.html").is_file()


def test_from_python_every_file_that_does_not_fit_is_an_error_that_says_why(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    explanation = lrp_audio.load("audionet-digit").explain(lrp_audio.example("4_male"))
    (tmp_path / stimuli.FOLDER).mkdir()
    with room(3000):
        for name in ("a.png", "a.pdf", "a.svg"):
            with pytest.raises(LrpAudioError, match="File too large"):
                figure.save(tmp_path / name, explanation, "waveform")
        with pytest.raises(LrpAudioError, match="File too large"):
            explanation.save(tmp_path / "out")
        with pytest.raises(OSError, match="File too large"):
            stimuli.write_recording(tmp_path, "one", explanation, 0.1)
        with pytest.raises(OSError, match="File too large"):
            stimuli.write_word(tmp_path, "two", "seven")
    assert nothing_partial(tmp_path)
    assert capfd.readouterr() == ("", "")  # nothing from within libsndfile or matplotlib
