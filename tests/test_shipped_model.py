"""The weights file as shipped: accuracy, and a ledger that closes on real speech."""

from pathlib import Path

import numpy as np
import pytest

import lrp_audio
from lrp_audio.data.corpus import find_recordings
from lrp_audio.errors import ModelError
from lrp_audio.model import Model
from lrp_audio.rules import PRESETS

EXAMPLES = Path(lrp_audio.__file__).parent / "examples"


@pytest.fixture(scope="module")
def model() -> Model:
    return lrp_audio.load("audionet-digit")


def accuracy(model: Model, folder: Path) -> float:
    test = [r for r in find_recordings([folder]) if r.official_test]
    return float(np.mean([model.classify(r.path) == r.digit for r in test]))


def test_at_least_18_of_the_20_bundled_clips_are_heard_right(model: Model) -> None:
    assert len(list(EXAMPLES.glob("*.wav"))) == 20
    assert accuracy(model, EXAMPLES) >= 18 / 20


def test_at_least_97_percent_of_the_official_test_recordings_are_heard_right(
    model: Model, fsdd: Path
) -> None:
    assert accuracy(model, fsdd) >= 0.97


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


def test_float32_explains_as_float64_does(model: Model) -> None:
    clip = lrp_audio.example("7_female")
    fast = model.explain(clip).relevance
    exact = lrp_audio.load("audionet-digit", dtype="float64").explain(clip).relevance
    assert np.abs(fast - exact).max() <= 1e-4 * np.abs(exact).max()


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
