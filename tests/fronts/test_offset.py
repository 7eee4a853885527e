"""The constant offset of a recording: kept as published, or removed before the network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import lrp_audio
from lrp_audio.audio.clip import Clip, clip_from_samples
from lrp_audio.errors import FrontError
from lrp_audio.fronts import SPECTROGRAM, WAVEFORM, Waveform
from lrp_audio.models.architecture import he_normal
from lrp_audio.models.weights import Description, save_weights
from lrp_audio.models.zoo import ARCHITECTURES, load_network

FRONTS = [WAVEFORM, SPECTROGRAM, Waveform(8000, 8000, normalisation="range", short="repeat")]


def noise(seconds: float, offset: float, rate: int = 8000) -> Clip:
    rng = np.random.default_rng(0)
    samples = 0.1 * rng.standard_normal(round(seconds * rate))
    return clip_from_samples(samples + offset, rate)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("seconds", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("offset", [-0.3, 0.05])
def test_a_removed_offset_changes_nothing_that_the_network_is_given(
    front: Waveform, seconds: float, offset: float
) -> None:
    removing = replace(front, offset="removed")
    plain, shifted = (
        removing(removing.fit(noise(seconds, each)).samples) for each in (0.0, offset)
    )
    np.testing.assert_allclose(shifted, plain, rtol=1e-4, atol=1e-4 * np.abs(plain).max())


@pytest.mark.parametrize("front", [WAVEFORM, SPECTROGRAM])
def test_an_offset_that_is_kept_is_part_of_the_input(front: Waveform) -> None:
    plain, shifted = (front(front.fit(noise(0.5, each)).samples) for each in (0.0, 0.3))
    assert np.abs(shifted - plain).max() > 0.1 * np.abs(plain).max()


def test_every_channel_loses_its_own_offset() -> None:
    front = Waveform(8000, 4000, channels=2, offset="removed")
    rng = np.random.default_rng(0)
    samples = 0.1 * rng.standard_normal((4000, 2)) + [0.2, -0.1]
    fitted = front.fit(clip_from_samples(samples, 8000, channels=2))
    assert fitted.channels is not None
    np.testing.assert_allclose(fitted.channels.mean(axis=1), 0, atol=1e-3)


def test_a_note_says_which_offset_was_removed_where_it_is_not_small() -> None:
    front = replace(WAVEFORM, offset="removed")
    assert any("offset of -0.20" in note for note in front.fit(noise(1.0, -0.2)).notes)
    assert front.fit(noise(1.0, 0.001)).notes == ()


@pytest.mark.parametrize("front", [WAVEFORM, SPECTROGRAM])
def test_another_word_for_the_offset_is_refused(front: Waveform) -> None:
    with pytest.raises(FrontError, match="offset is 'halved'; expected kept or removed"):
        replace(front, offset="halved")


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("offset", ["kept", "removed"])
def test_weights_say_whether_the_offset_is_removed(name: str, offset: str, tmp_path: Path) -> None:
    architecture = ARCHITECTURES[name]
    shapes = architecture.shapes(2)
    parameters = he_normal(shapes, lambda name: 1.0, np.random.default_rng(0))
    stored = {n: a.astype(np.float16) for n, a in parameters.items()}
    path = tmp_path / "a.npz"
    save_weights(path, Description(name, ("yes", "no"), offset), stored)
    found = load_network(path, np.float32).front
    assert found == replace(architecture.front, offset=offset)
    assert architecture.front.offset == "removed"  # for networks that are trained from now on


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("seconds", [0.4, 1.0, 2.3])
def test_fitting_a_fitted_clip_changes_nothing(front: Waveform, seconds: float) -> None:
    removing = replace(front, offset="removed")
    once = removing.fit(noise(seconds, 0.05))
    again = removing.fit(once)
    np.testing.assert_array_equal(again.samples, once.samples)
    assert again.notes == once.notes


@pytest.mark.parametrize("seconds", [0.4, 2.3])
def test_a_clip_is_explained_as_it_is_classified(seconds: float) -> None:
    model = lrp_audio.load("audionet-digit", dtype="float64")
    model = replace(model, front=replace(model.front, offset="removed"))
    clip = noise(seconds, 0.05)
    explanation = model.explain(clip, rules="epsilon-alpha2-beta1")
    np.testing.assert_allclose(explanation.logits, model.logits([clip])[0], rtol=1e-12)
    silent = model.inputs([clip])[0, 0] == 0
    assert silent.any() == (seconds < 1)
    assert not explanation.relevance[silent].any()
