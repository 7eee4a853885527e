"""The standard recipe: who is trained on, how runs resume, and the fitted temperature."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import lrp_audio
from lrp_audio import train as train_command
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.layouts import META
from lrp_audio.data.recording import Recording
from lrp_audio.data.strangers import speaker_list
from lrp_audio.data.tasks import TASKS
from lrp_audio.errors import DataError
from lrp_audio.models.weights import read_description
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.training import from_recordings
from lrp_audio.training.from_recordings import Classified
from lrp_audio.training.standard import by_corpus, standard_recipe, standard_split
from lrp_audio.training.temperature import fitted_temperature

# Speakers of the list by part: those of two women and two men in a corpus of that name.
TRAINED, VALIDATED, TESTED = ("006", "007"), ("001", "003"), ("002", "004")

pytestmark = pytest.mark.slow


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """A folder of two corpora, in which whoever is tested on has recordings of no sound at all."""
    folder = tmp_path / "corpora"
    rng = np.random.default_rng(0)
    everyone = (*TRAINED, *VALIDATED, *TESTED)
    meta = {name: {"gender": ("female", "male")[i % 2]} for i, name in enumerate(everyone)}
    for name in everyone:
        home = folder / "alnum" / "data" / name
        home.mkdir(parents=True)
        for digit in (0, 1):
            path = home / f"{digit}_{name}_0.flac"
            if name in TESTED:
                path.write_bytes(b"no sound")
            else:
                soundfile.write(path, 0.1 * rng.standard_normal(6000), 16_000)
    (folder / "alnum" / META).write_text(json.dumps(meta))
    stranger = folder / "elsewhere"
    stranger.mkdir()
    (stranger / "7_ann_9.wav").write_bytes(b"no sound")
    return folder


def train(data: Path, out: Path, *options: str) -> int:
    given = ["--recipe", "standard", "--data", str(data), "--out", str(out), "--batch", "2"]
    return train_command.main([*given, *options])


def test_all_four_networks_are_trained_on_listed_speakers_alone(
    corpora: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(from_recordings, "_TYPICAL", 2)
    out = tmp_path / "trained"
    assert train(corpora, out, "--steps", "1") == 0
    shown = capsys.readouterr().out
    names = [f"{model}-{task}" for model in ARCHITECTURES for task in TASKS]
    assert sorted(path.stem for path in out.glob("*.npz")) == sorted(names)
    for name in names:
        assert (
            f"{name}: 4 recordings of 2 speakers to train on, 4 recordings of 2 speakers to "
            "validate on"
        ) in shown
        assert f"{name}: 1 steps in" in shown
        description = read_description(out / f"{name}.npz")
        assert description.offset == "removed"
        assert description.temperature is not None
        model = lrp_audio.load(out / f"{name}.npz")
        assert model.output.temperature == description.temperature
        assert model.front.offset == "removed"  # type: ignore[attr-defined]
    assert shown.count("minutes: validation: alnum") == 4
    for path in out.glob("*.checkpoint"):
        path.unlink()  # a quarter of a gigabyte each, which pytest would keep


def test_a_run_goes_on_from_its_checkpoint_and_adds_up_its_time(
    corpora: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(from_recordings, "_TYPICAL", 2)
    one = ("--model", "audionet", "--task", "sex")
    assert train(corpora, tmp_path / "t", "--steps", "2", *one) == 0
    checkpoint = tmp_path / "t" / "audionet-sex.npz.checkpoint"
    with np.load(checkpoint) as found:
        arrays = dict(found)
    settings = json.loads(arrays["settings"].tobytes())
    assert settings["step"] == 2
    settings["seconds"] += 3600
    arrays["settings"] = np.frombuffer(json.dumps(settings).encode(), np.uint8)
    with checkpoint.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    capsys.readouterr()
    assert train(corpora, tmp_path / "t", "--steps", "3", *one) == 0
    shown = capsys.readouterr()
    assert "audionet-sex: 3 steps in 60." in shown.out
    assert "2/3" in shown.err
    checkpoint.unlink()


def test_speakers_held_out_are_neither_trained_nor_validated_on(corpora: Path) -> None:
    recordings = find_recordings([corpora])
    recipe = standard_recipe("audionet", "digit")
    split = standard_split("digit", recipe, recordings, ["alnum/006", "003"])
    assert {r.speaker for r in split.training} == {"007"}
    assert {r.speaker for r in split.test} == {"001"}
    with pytest.raises(DataError, match="no speaker 'bob' to hold out"):
        standard_split("digit", recipe, recordings, ["bob"])


@pytest.mark.parametrize("task", TASKS)
def test_data_without_listed_speakers_is_one_sentence(task: str, tmp_path: Path) -> None:
    (tmp_path / "7_ann_9.wav").touch()
    recipe = standard_recipe("alexnet", task)
    with pytest.raises(DataError, match=rf"to train on for the task {task}; give .*alnum"):
        standard_split(task, recipe, find_recordings([tmp_path]))


def test_classes_that_nobody_is_trained_on_are_one_sentence(corpora: Path) -> None:
    for name in TRAINED:
        (corpora / "alnum" / "data" / name / f"1_{name}_0.flac").unlink()
    recipe = standard_recipe("audionet", "digit")
    with pytest.raises(DataError, match="too few classes"):
        standard_split("digit", recipe, find_recordings([corpora]))


@pytest.mark.parametrize("task", TASKS)
def test_the_recipes_draw_no_corpus_that_is_for_tests_only(task: str) -> None:
    for architecture in ARCHITECTURES.values():
        for corpus, weight in architecture.standard[task].corpora.items():
            assert weight > 0
            listed = [who for who in speaker_list().speakers if who.startswith(f"{corpus}/")]
            parts = {speaker_list().corpora.get(corpus)}
            parts |= {speaker_list().speakers[who] for who in listed}
            assert "training" in parts, corpus


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "a.npz"), "--out is a folder with --recipe"),
        (("--epochs", "2"), "--recipe counts in --steps, not in --epochs"),
        (("--steps", "0"), "--steps must be at least 1"),
        (("--recipe", "best"), "invalid choice: 'best'"),
        (("--steps", "3", "--epochs", "3"), "not allowed with argument"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(
    options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        train_command.main(["--recipe", "standard", "--data", "missing", *options])
    assert said in capsys.readouterr().err


def test_a_single_network_needs_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        train_command.main(["--data", "missing"])
    assert "--out is needed without --recipe" in capsys.readouterr().err


# --- temperature and validation -----------------------------------------------------------------


@pytest.mark.parametrize("true", [0.4, 1.0, 3.0])
def test_the_temperature_is_the_one_that_made_the_logits_too_large(true: float) -> None:
    rng = np.random.default_rng(0)
    scores = 2 * rng.standard_normal((6000, 5))
    noise = rng.gumbel(size=scores.shape)  # the largest sum is a draw from the softmax
    labels = (scores + noise).argmax(axis=1)
    found = fitted_temperature((true * scores).astype(np.float32), labels, ["one"] * 6000)
    assert found == pytest.approx(true, rel=0.06)


@pytest.mark.parametrize("easy", [0, 10, 1000])
def test_the_temperature_suits_the_most_difficult_corpus_whatever_its_size(easy: int) -> None:
    labels = np.array([0, 0, 0, 1] + [0] * easy)  # three of four are right; then all are
    corpora = ["difficult"] * 4 + ["easy"] * easy
    logits = np.tile([[2.0, 0.0]], (len(labels), 1))
    found = fitted_temperature(logits, labels, corpora)
    assert found == pytest.approx(2 / np.log(3), rel=1e-3)


def test_the_temperature_lies_between_those_of_equally_difficult_corpora() -> None:
    """The second is certain of two errors in ten where it should not be, and unsure elsewhere."""
    sure, unsure = np.tile([[2.0, 0.0]], (10, 1)), np.tile([[0.5, 0.0]], (10, 1))
    labels = np.array([1] * 2 + [0] * 8)
    both = np.concatenate([sure, unsure])
    alone = [fitted_temperature(x, labels, ["one"] * 10) for x in (sure, unsure)]
    found = fitted_temperature(both, np.tile(labels, 2), ["sure"] * 10 + ["unsure"] * 10)
    assert min(alone) < found < max(alone)


def test_a_temperature_without_errors_to_fit_it_to_is_bounded() -> None:
    logits = np.array([[3.0, 0.0]] * 3)
    assert 0.05 <= fitted_temperature(logits, np.zeros(3, np.intp), ["one"] * 3) < 0.2
    assert 10 < fitted_temperature(logits, np.ones(3, np.intp), ["one"] * 3) <= 20


def classified(corpora: list[str], labels: list[int], said: list[int], classes: int) -> Classified:
    recordings = [Recording(Path("a"), 0, "x", 0, corpus, None) for corpus in corpora]
    return Classified(recordings, np.array(labels), np.eye(classes)[said])


def test_validation_counts_corpora_alike_and_the_sexes_within_them() -> None:
    corpora = ["alnum"] * 4 + ["emodb"]
    labels, said = [0, 0, 0, 1, 1], [0, 0, 0, 0, 1]
    assert by_corpus(classified(corpora, labels, said, 2)) == (
        "validation: alnum 50.0%, emodb 100.0%, mean 75.0%"
    )
    assert by_corpus(classified(corpora, labels, said, 10)) == (
        "validation: alnum 75.0%, emodb 100.0%, mean 87.5%"
    )
