"""A calibrated network that is not sure of its answer says so, wherever the answer is shown."""

import csv
import json
from pathlib import Path

import pytest
from command_line import example, explain

from lrp_audio import load
from lrp_audio.models.shipped import shipped
from lrp_audio.models.weights import set_temperature

pytestmark = pytest.mark.usefixtures("drawn_quickly")


@pytest.fixture
def doubting(tmp_path: Path) -> Path:
    """audionet-digit with all of its probabilities near a tenth, the logits as they are."""
    path = tmp_path / "doubting.npz"
    path.write_bytes(shipped()["audionet-digit"].read_bytes())
    set_temperature(path, 500.0)
    return path


def summary(folder: Path, clip: str) -> dict[str, object]:
    found = json.loads((folder / "lrp_out" / clip / "summary.json").read_text())
    return dict(found)


def test_it_is_printed_and_kept_in_the_summary_and_the_report(
    doubting: Path, tmp_path: Path
) -> None:
    done = explain(tmp_path, example(3, "male"), "--model", doubting)
    assert done.returncode == 0
    assert "not sure: no class has a probability of 70% or more" in done.stdout
    found = summary(tmp_path, "3_male")
    predicted = found["predicted"]
    assert isinstance(predicted, dict)
    assert predicted["sure"] is False
    assert predicted["probability"] < 0.2
    assert ", but is not sure" in (tmp_path / "lrp_out" / "report.html").read_text()
    assert found["logits"] == pytest.approx(
        load("audionet-digit").explain(example(3, "male")).logits.tolist(), rel=1e-5
    )


def test_of_several_clips_every_line_and_row_says_so(doubting: Path, tmp_path: Path) -> None:
    clips = [example(digit, "male") for digit in range(4)]
    done = explain(tmp_path, *clips, "--model", doubting)
    lines = [line for line in done.stdout.splitlines() if " -> " in line]
    assert len(lines) == 4
    assert all("% (not sure) -> " in line for line in lines)
    with (tmp_path / "lrp_out" / "results.csv").open() as file:
        assert [row["sure"] for row in csv.DictReader(file)] == ["False"] * 4
    assert (tmp_path / "lrp_out" / "report.html").read_text().count(", not sure</span>") == 4


def test_the_share_from_which_it_is_sure_can_be_chosen(doubting: Path, tmp_path: Path) -> None:
    done = explain(tmp_path, example(3, "male"), "--model", doubting, "--sure", "0.01")
    assert "not sure" not in done.stdout
    predicted = summary(tmp_path, "3_male")["predicted"]
    assert isinstance(predicted, dict)
    assert predicted["sure"] is True
    again = explain(tmp_path, example(3, "male"), "--model", doubting, "--sure", "0.9", "--resume")
    assert "not sure" in again.stdout  # another setting is another result
    refused = explain(tmp_path, example(3, "male"), "--sure", "70")
    assert refused.returncode == 2
    assert "'70' is not a number from 0 to 1" in refused.stderr


def test_a_network_that_was_never_calibrated_says_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "old.npz"
    path.write_bytes(shipped()["audionet-digit"].read_bytes())
    set_temperature(path, None)
    done = explain(tmp_path, example(3, "male"), "--model", path, "--sure", "1")
    assert "not sure" not in done.stdout
    predicted = summary(tmp_path, "3_male")["predicted"]
    assert isinstance(predicted, dict)
    assert predicted["sure"] is None
