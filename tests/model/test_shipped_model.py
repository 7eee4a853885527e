"""The weights files as shipped: accuracy, and a ledger that closes on real speech."""

from pathlib import Path

import numpy as np
import pytest

import lrp_audio
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.recording import WORDS
from lrp_audio.errors import ModelError
from lrp_audio.model import Model
from lrp_audio.models.shipped import shipped
from lrp_audio.rules import PRESETS

EXAMPLES = Path(lrp_audio.__file__).parent / "examples"


MODELS = ("audionet-digit", "alexnet-digit", "audionet-sex", "alexnet-sex")


@pytest.fixture(scope="module")
def model() -> Model:
    return lrp_audio.load("audionet-digit")


def accuracy(model: Model, folder: Path) -> float:
    """Share of the official test recordings whose digit, or whose speaker's sex, is heard right."""
    test = [r for r in find_recordings([folder]) if r.official_test]
    truth = [r.sex if "male" in model.classes else WORDS[r.digit or 0] for r in test]
    heard = [model.classes[model.classify(r.path)] for r in test]
    return float(np.mean([a == b for a, b in zip(truth, heard, strict=True)]))


def test_all_four_networks_are_shipped_and_fit_into_8_mb_each() -> None:
    assert set(shipped()) == set(MODELS)
    assert all(path.stat().st_size <= 8_000_000 for path in shipped().values())


@pytest.mark.parametrize(
    ("name", "least"),
    [("audionet-digit", 18), ("alexnet-digit", 20), ("audionet-sex", 19), ("alexnet-sex", 19)],
)
def test_the_20_bundled_clips_are_heard_right_as_often_as_said(name: str, least: int) -> None:
    assert len(list(EXAMPLES.glob("*.wav"))) == 20
    assert accuracy(lrp_audio.load(name), EXAMPLES) >= least / 20


@pytest.mark.parametrize(("name", "least"), [("audionet-digit", 0.96), ("alexnet-digit", 0.96)])
def test_the_official_test_recordings_are_heard_right_as_often_as_said(
    name: str, least: float, fsdd: Path
) -> None:
    assert accuracy(lrp_audio.load(name), fsdd) >= least


@pytest.mark.parametrize("rules", PRESETS)
@pytest.mark.parametrize(("dtype", "bound"), [("float32", 1e-5), ("float64", 1e-12)])
def test_ledger_closes_at_every_layer_relative_to_the_logit(
    rules: str, dtype: str, bound: float
) -> None:
    model = lrp_audio.load("audionet-digit", dtype=dtype)
    for name in ("7_female", "3_male"):
        explanation = model.explain(lrp_audio.example(name), rules=rules)
        logit = abs(float(explanation.logits[explanation.target]))
        assert explanation.ledger.worst_residual() <= bound * logit
        assert np.isfinite(explanation.relevance).all()


@pytest.mark.parametrize("name", MODELS)
def test_every_model_closes_its_ledger_under_its_own_rules(name: str) -> None:
    explanation = lrp_audio.load(name).explain(lrp_audio.example("7_female"))
    logit = abs(float(explanation.logits[explanation.target]))
    assert explanation.ledger.worst_residual() <= 1e-5 * logit


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rules", ["epsilon-plus", "epsilon-alpha2-beta1"])
def test_float32_explains_this_clip_as_float64_does(name: str, rules: str) -> None:
    """Of other clips it may choose other winners of pools (docs/speed.md, Accuracy)."""
    clip = lrp_audio.example("7_female")
    fast = lrp_audio.load(name).explain(clip, rules=rules).relevance
    exact = lrp_audio.load(name, dtype="float64").explain(clip, rules=rules).relevance
    assert np.abs(fast - exact).max() <= 1e-5 * np.abs(exact).max()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rules", ["epsilon", "epsilon-plus", "epsilon-alpha2-beta1"])
def test_a_trained_network_in_one_go_is_itself_layer_by_layer(name: str, rules: str) -> None:
    model, clip = lrp_audio.load(name, dtype="float64"), lrp_audio.example("3_male")
    *_, last = model.steps(clip, rules=rules)
    at_once, by_layer = model.explain(clip, rules=rules).relevance, last.flow.relevance[0, 0]
    assert np.abs(at_once - by_layer).max() <= 1e-9 * np.abs(by_layer).max()


def test_a_class_may_be_given_by_name_or_number_and_starts_at_its_logit(model: Model) -> None:
    clip = lrp_audio.example("7_female")
    by_name, by_number = model.explain(clip, target="two"), model.explain(clip, target=2)
    assert by_name.target == by_number.target == 2
    np.testing.assert_array_equal(by_name.relevance, by_number.relevance)
    first = by_name.ledger.entries[0]
    assert first.relevance_out[0] == pytest.approx(float(by_name.logits[2]), rel=1e-6)


def test_samples_with_a_rate_are_explained_like_the_file(model: Model) -> None:
    import soundfile

    path = lrp_audio.example("4_male")
    samples, rate = soundfile.read(path)
    from_samples = model.explain((samples, rate))
    np.testing.assert_allclose(from_samples.relevance, model.explain(path).relevance, atol=1e-6)


def test_other_arithmetic_than_float32_and_float64_is_refused() -> None:
    with pytest.raises(ModelError, match="not in 'float16'"):
        lrp_audio.load("audionet-digit", dtype="float16")
