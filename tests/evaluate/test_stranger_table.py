"""The table of strangers: who is in it, its intervals and calibration, and the command."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import lrp_audio
from lrp_audio import evaluate
from lrp_audio.data.layouts import META
from lrp_audio.data.recording import Recording
from lrp_audio.data.speakers import Sex
from lrp_audio.evaluate.calibration import expected_calibration_error
from lrp_audio.evaluate.speaker_bootstrap import speaker_interval
from lrp_audio.evaluate.strangers import Heard, stranger_figures, stranger_table
from lrp_audio.models.shipped import shipped
from lrp_audio.models.weights import set_temperature

# --- calibration --------------------------------------------------------------------------------


def test_the_calibration_error_is_the_distance_of_confidence_and_accuracy_by_bins() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    right = np.array([True, True, True, False, True, True])
    expected = 4 / 6 * (0.95 - 0.75) + 2 / 6 * (1 - 0.55)
    assert expected_calibration_error(confidence, right) == pytest.approx(expected)
    assert expected_calibration_error(np.ones(3), np.ones(3, bool)) == 0


def test_probabilities_that_are_meant_have_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.1, 1, 200_000)
    right = rng.uniform(size=200_000) < confidence
    assert expected_calibration_error(confidence, right) < 0.006
    assert expected_calibration_error(confidence**2, right) > 0.1


# --- intervals ----------------------------------------------------------------------------------


def test_the_interval_is_that_of_speakers_and_not_of_clips() -> None:
    speakers = np.repeat([f"{i}" for i in range(10)], 100).tolist()
    alike = np.tile(np.arange(100) < 70, 10)  # each speaker has 70 % right
    found = speaker_interval(alike, speakers, [None] * 1000)
    assert found == pytest.approx((0.7, 0.7))
    apart = np.repeat(np.arange(10) < 7, 100)  # seven speakers have all, three none
    low, high = speaker_interval(apart, speakers, [None] * 1000) or (0, 0)
    assert 0.35 < low < 0.45
    assert 0.9 < high <= 1


def test_groups_count_alike_and_one_speaker_gives_no_interval() -> None:
    right = np.array([True] * 90 + [False] * 10)
    speakers = [f"{i}" for i in range(100)]
    groups: list[str | None] = ["male"] * 90 + ["female"] * 10
    assert speaker_interval(right, speakers, groups) == pytest.approx((0.5, 0.5))
    assert speaker_interval(right, ["one"] * 90 + speakers[90:], groups) is None


# --- figures ------------------------------------------------------------------------------------


def spoken(corpus: str, speaker: str, sex: Sex | None = None) -> Recording:
    return Recording(Path(f"7_{speaker}_0.wav"), 7, speaker, 0, corpus, sex)


def heard(recordings: list[Recording], right: list[int], sure: list[int] | None = None) -> Heard:
    return Heard(
        recordings,
        np.array(right, bool),
        np.full(len(right), 0.8),
        None if sure is None else np.array(sure, bool),
    )


def test_the_sexes_are_balanced_and_a_corpus_of_one_sex_has_no_balance() -> None:
    people = [spoken("a", "f1", "female")] + [spoken("a", "m1", "male")] * 3
    people += [spoken("b", "m2", "male")] * 2
    figures = stranger_figures("m", "sex", "test", heard(people, [0, 1, 1, 1, 1, 0]))
    a, b = figures["by corpus"]["a"], figures["by corpus"]["b"]
    assert (a["female"], a["male"], a["accuracy"]) == (0.0, 1.0, 0.5)
    assert (b["female"], b["male"], b["accuracy"]) == (None, 0.5, None)
    assert figures["all corpora alike"] == 0.5
    assert "not sure" not in a


def test_the_share_that_is_not_sure_and_how_often_it_is_wrong() -> None:
    people = [spoken("a", f"{i}") for i in range(4)]
    figures = stranger_figures("m", "digit", "test", heard(people, [1, 0, 1, 0], [1, 0, 0, 1]))
    found = figures["by corpus"]["a"]
    assert (found["accuracy"], found["not sure"], found["of these wrong"]) == (0.5, 0.5, 0.5)
    always = stranger_figures("m", "digit", "test", heard(people, [1, 0, 1, 0], [1] * 4))
    assert always["by corpus"]["a"]["of these wrong"] is None


def test_the_worst_speaker_has_some_recordings() -> None:
    people = [spoken("a", "few")] * 4 + [spoken("a", "many")] * 5 + [spoken("a", "good")] * 5
    found = stranger_figures(
        "m", "digit", "test", heard(people, [0] * 4 + [1, 0, 1, 0, 0] + [1] * 5)
    )
    assert found["by corpus"]["a"]["worst speaker"] == ("a/many", 0.4)
    only = stranger_figures("m", "digit", "test", heard(people[:4], [0] * 4))
    assert only["by corpus"]["a"]["worst speaker"] is None


@pytest.mark.parametrize("task", ["digit", "sex"])
@pytest.mark.parametrize("sure", [None, [1, 0, 1]])
def test_the_table_has_a_line_for_each_corpus_and_as_many_columns_everywhere(
    task: str, sure: list[int] | None
) -> None:
    people = [spoken("a", "1", "female"), spoken("a", "2", "male"), spoken("b", "3", "male")]
    table = stranger_table(stranger_figures("mine", task, "test", heard(people, [1, 1, 0], sure)))
    lines = [re.split(r"\s{2,}", line.strip()) for line in table.splitlines()]
    assert [line[0] for line in lines] == [
        "mine, test speakers",
        "a",
        "b",
        "all clips alike",
        "all corpora alike",
    ]
    assert len({len(line) for line in lines[:-1]}) == 1
    assert lines[-1][1:] == ["100.0%" if task == "sex" else "50.0%"]


# --- the command --------------------------------------------------------------------------------

Strangers = Callable[..., tuple[dict[str, Any], str]]


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """The bundled clips as a corpus of strangers, and a listed speaker of every part."""
    folder = tmp_path / "corpora"
    meta = {"ann": {"gender": "Female"}, "001": {}, "002": {}, "006": {}}
    for corpus, speaker, sex in (
        ("phone", "ann", "female"),
        ("alnum", "001", "male"),
        ("alnum", "002", "male"),
        ("alnum", "006", "male"),
    ):
        home = folder / corpus / "data" / speaker
        home.mkdir(parents=True)
        for digit in (3, 7):
            samples, rate = soundfile.read(lrp_audio.example(f"{digit}_{sex}"))
            soundfile.write(home / f"{digit}_{speaker}_0.flac", samples, rate)
        (folder / corpus / META).write_text(json.dumps(meta))
    return folder


@pytest.fixture
def strangers(corpora: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Strangers:
    def run(*options: str) -> tuple[dict[str, Any], str]:
        path = tmp_path / "figures.json"
        given = ["--strangers", "--data", str(corpora), "--json", str(path), *options]
        assert evaluate.main(given) == 0
        return json.loads(path.read_text()), capsys.readouterr().out

    return run


def test_every_shipped_network_is_tested_on_whoever_is_not_trained_on(
    strangers: Strangers,
) -> None:
    figures, shown = strangers()
    assert [of["model"] for of in figures["models"]] == list(shipped())
    for of in figures["models"]:
        by_corpus = of["by corpus"]
        people = {corpus: found["speakers"] for corpus, found in by_corpus.items()}
        # The sex of the speakers of alnum is not stated here.
        assert people == ({"phone": 1} if of["task"] == "sex" else {"alnum": 1, "phone": 1})
        assert f"{of['model']}, test speakers" in shown


def test_validation_speakers_are_looked_at_where_that_is_asked_for(strangers: Strangers) -> None:
    figures, shown = strangers("--part", "validation", "--model", "alexnet-digit")
    (of,) = figures["models"]
    assert {corpus: found["clips"] for corpus, found in of["by corpus"].items()} == {"alnum": 2}
    assert "alexnet-digit, validation speakers" in shown


def test_a_calibrated_network_says_how_often_it_is_not_sure(
    strangers: Strangers, tmp_path: Path
) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(shipped()["alexnet-digit"].read_bytes())
    set_temperature(path, 1000.0)  # all classes about alike
    figures, shown = strangers("--model", str(path))
    found = figures["models"][0]["all clips alike"]
    assert found["not sure"] == 1.0
    assert found["of these wrong"] == pytest.approx(1 - found["accuracy"])
    assert "of these wrong" in shown
    figures, _ = strangers("--model", str(path), "--sure", "0.05")
    assert figures["models"][0]["all clips alike"]["not sure"] == 0.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--part", "test"), "--part is for --strangers"),
        (("--model", "a", "b"), "several models are evaluated with --strangers only"),
        (("--strangers", "--speakers", "ann"), "not allowed with argument"),
        (("--strangers", "--sure", "2"), "'2' is not a number from 0 to 1"),
        (("--strangers", "--sure", "nan"), "'nan' is not a number from 0 to 1"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(
    options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        evaluate.main(["--data", "missing", *options])
    assert said in capsys.readouterr().err


def test_data_of_people_who_were_trained_on_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "7_theo_9.wav").touch()
    assert evaluate.main(["--strangers", "--data", str(tmp_path)]) == 2
    assert "error: No recording here with a known" in capsys.readouterr().err


def test_probabilities_are_those_of_the_logits_over_the_temperature() -> None:
    model = lrp_audio.load("audionet-digit")
    warm = replace(model, output=replace(model.output, temperature=2.0))
    clip = lrp_audio.example("3_male")
    plain, found = model.explain(clip), warm.explain(clip)
    np.testing.assert_array_equal(found.logits, plain.logits)
    np.testing.assert_array_equal(found.relevance, plain.relevance)
    powers = np.exp(plain.logits.astype(np.float64) / 2)
    assert found.probabilities is not None
    np.testing.assert_allclose(found.probabilities, powers / powers.sum(), rtol=1e-12)


def test_without_more_options_a_shipped_network_is_tested_on_whom_it_was_not_trained_on(
    corpora: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    given = ["--data", str(corpora), "--model", "alexnet-digit", "--json", str(path)]
    assert evaluate.main(given) == 0
    figures = json.loads(path.read_text())
    assert {row["who"]: row["of"] for row in figures["by speaker"]} == {
        "alnum/002": 2,
        "phone/ann": 2,
    }
