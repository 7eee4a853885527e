"""Going on after a stop or a kill, and sharing the clips among processes."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import below, clips, example, explain, explained, stopped, table

from lrp_audio.model import Model
from lrp_audio.models.shipped import shipped

pytestmark = pytest.mark.usefixtures("drawn_quickly")


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
