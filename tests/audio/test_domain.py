"""Relevance and sound in time, frequency and both, from the command's names to the result."""

from pathlib import Path

import numpy as np
import pytest

import lrp_audio
from lrp_audio.audio.clip import clip_from_samples, read_clip
from lrp_audio.audio.domain import Frequency, Time, TimeFrequency
from lrp_audio.audio.stft import Stft
from lrp_audio.errors import SpectrumError
from lrp_audio.fronts import SPECTROGRAM, WAVEFORM
from lrp_audio.fronts.spectrogram import Picture
from lrp_audio.model import Model


@pytest.fixture(scope="module")
def model() -> Model:
    return lrp_audio.load("audionet-digit")


def test_a_network_hears_in_its_own_domain_unless_told_otherwise() -> None:
    assert WAVEFORM.choose() == Time(8000)
    assert SPECTROGRAM.choose() == SPECTROGRAM.choose("time-frequency") == Picture()
    assert WAVEFORM.choose("frequency") == Frequency(8000)
    assert WAVEFORM.choose("time-frequency") == TimeFrequency(Stft(455, 35, 8000), 8000)
    assert WAVEFORM.choose("time-frequency", 256) == TimeFrequency(Stft(256, 64, 8000), 8000)


@pytest.mark.parametrize(
    ("front", "arguments", "said"),
    [
        (WAVEFORM, ("cepstrum",), "no domain 'cepstrum'; choose one of time, frequency"),
        (
            SPECTROGRAM,
            ("time",),
            "has its relevance in time-frequency, and it cannot be carried to time:",
        ),
        (
            SPECTROGRAM,
            ("frequency",),
            "has its relevance in time-frequency, and it cannot be carried to frequency:",
        ),
        (SPECTROGRAM, (None, 256), "for the domain time-frequency of a waveform network"),
        (WAVEFORM, (None, 256), "for the domain time-frequency of a waveform network"),
        (WAVEFORM, ("time-frequency", 9000), "window of 9000 samples does not fit a clip of 8000"),
        (WAVEFORM, ("time-frequency", 256, 0), "hop of 0 samples does not fit"),
        (WAVEFORM, ("time-frequency", 256, 256), "overlap-add"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(front, arguments, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SpectrumError, match=said):
        front.choose(*arguments)


@pytest.mark.parametrize("domain", ["frequency", "time-frequency"])
@pytest.mark.parametrize("rules", ["epsilon-plus", "epsilon-plus-flat"])
def test_the_ledger_closes_through_the_inspection_layer(
    model: Model, domain: str, rules: str
) -> None:
    explained = model.explain(lrp_audio.example(), rules=rules, domain=domain)
    last = explained.ledger.entries[-1]
    assert (last.layer,) == explained.domain.layers
    turnover = np.abs(explained.layers["input"]).sum(dtype=np.float64)
    assert abs(float(last.residual[0])) < 1e-10 * turnover
    assert last.relevance_in[0] == pytest.approx(explained.relevance.sum(), abs=1e-10 * turnover)
    # A rule that looks at weights only gives relevance to the silence around a word as well.
    if rules == "epsilon-plus-flat":
        assert abs(last.dropped[0]) > 1e-4
    else:
        assert abs(last.dropped[0]) < 1e-10 * turnover


def test_a_batch_explains_each_clip_as_it_would_alone(model: Model) -> None:
    clips = [lrp_audio.example("7_female"), lrp_audio.example("3_male")]
    for together, clip in zip(model.explain_batch(clips), clips, strict=True):
        alone = model.explain(clip)
        assert together.target == alone.target
        scale = float(np.abs(alone.relevance).max())
        np.testing.assert_allclose(together.relevance, alone.relevance, rtol=0, atol=1e-4 * scale)
        assert len(together.ledger) == len(alone.ledger)
        assert together.ledger.sample(0)[0]["relevance_out"] == pytest.approx(
            alone.ledger.sample(0)[0]["relevance_out"], rel=1e-5
        )


@pytest.mark.parametrize("domain", ["time", "frequency", "time-frequency"])
@pytest.mark.parametrize("sound", ["weighted", "masked"])
@pytest.mark.parametrize("sign", ["for", "against"])
def test_every_domain_is_heard_at_the_rate_of_the_recording(
    model: Model, domain: str, sound: str, sign: str
) -> None:
    samples = read_clip(lrp_audio.example()).samples / 32768
    at_44100 = np.interp(np.arange(0, len(samples), 8000 / 44100), np.arange(len(samples)), samples)
    explained = model.explain((at_44100, 44100), domain=domain)
    heard = explained.sound(sound, sign)  # type: ignore[arg-type]
    assert explained.clip.source_rate == 44100
    assert len(heard) == 44100
    assert np.isfinite(heard).all()
    assert 0 < np.abs(heard).max() <= 0.99 + 1e-6


def test_a_recording_below_8_khz_is_upsampled_and_says_so(model: Model, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    clip = clip_from_samples(0.1 * rng.standard_normal(4000), 4000)
    explained = model.explain(clip)
    assert "upsampled to 8000 Hz, with nothing above 2000 Hz" in explained.clip.notes[0]
    assert len(explained.sound()) == 4000


def test_the_same_sound_is_asked_for_by_every_name_or_refused(model: Model) -> None:
    explained = model.explain(lrp_audio.example())
    with pytest.raises(lrp_audio.errors.LrpAudioError, match="choose weighted or masked"):
        explained.sound("loud")  # type: ignore[arg-type]
    with pytest.raises(lrp_audio.errors.LrpAudioError, match="choose for or against"):
        explained.sound(sign="beside")  # type: ignore[arg-type]
