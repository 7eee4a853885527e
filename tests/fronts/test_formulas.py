"""Values of front ends, held against formulas written down once more in plain NumPy."""

import math

import numpy as np
import pytest
from front_cases import ANALYSES, FULL_SCALE, PLAIN, RATE, sound

from lrp_audio.audio.clip import clip_from_samples
from lrp_audio.errors import ClipError
from lrp_audio.fronts import (
    LogMel,
    LogSpectrogram,
    Magnitude,
    Mel,
    Mfcc,
    Power,
    Waveform,
    front_from,
)
from lrp_audio.types import Floats

X = sound()


def triangles(front: Mel) -> Floats:
    """The filters one value at a time, in Hz or, for Kaldi, in mel."""
    assert front.fmax is not None

    def mel(hertz: float) -> float:
        if front.mel_scale != "slaney":
            return 1127 * math.log(1 + hertz / 700)
        return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000, 6.4)

    def hertz(mels: float) -> float:
        if front.mel_scale != "slaney":
            return 700 * (math.exp(mels / 1127) - 1)
        return mels * 200 / 3 if mels < 15 else 1000 * 6.4 ** ((mels - 15) / 27)

    low, high = mel(front.fmin), mel(front.fmax)
    points = [low + (high - low) * i / (front.n_mels + 1) for i in range(front.n_mels + 2)]
    corners = [hertz(point) for point in points]
    filters = np.zeros((front.n_mels, front.n_fft // 2 + 1))
    for m, (left, middle, right) in enumerate(zip(corners, corners[1:], corners[2:], strict=False)):
        for k in range(filters.shape[1]):
            at = k * front.rate / front.n_fft
            place, ends = at, (left, middle, right)
            if front.mel_scale == "kaldi":
                place, ends = mel(at), (mel(left), mel(middle), mel(right))
            if ends[0] < place < ends[2]:
                side = ends[0] if place <= ends[1] else ends[2]
                filters[m, k] = (place - side) / (ends[1] - side)
        if front.mel_norm == "slaney":
            filters[m] *= 2 / (right - left)
    return filters


@pytest.mark.parametrize("norm", ["slaney", "none"])
@pytest.mark.parametrize("scale", ["slaney", "htk", "kaldi"])
@pytest.mark.parametrize(("n_fft", "n_mels", "band"), [(512, 40, (60, 3800)), (321, 90, (0, 8000))])
def test_mel_filters_are_triangles(
    scale: str, norm: str, n_fft: int, n_mels: int, band: tuple[int, int]
) -> None:
    front = Mel(RATE, n_fft=n_fft, n_mels=n_mels, fmin=band[0], fmax=band[1])
    front = Mel(**vars_of(front) | {"mel_scale": scale, "mel_norm": norm})
    np.testing.assert_allclose(front.filters.matrix, triangles(front), atol=1e-9)


def vars_of(front: Mel) -> dict[str, object]:
    return {name: getattr(front, name) for name in front.__dataclass_fields__}


@pytest.mark.parametrize("analysis", ANALYSES)
def test_magnitude_and_power_are_those_of_the_spectra(analysis: dict[str, object]) -> None:
    front = Magnitude(**PLAIN, **analysis)
    spectra = front.analysis.spectra(X / FULL_SCALE)
    np.testing.assert_allclose(front(X), np.abs(spectra))
    np.testing.assert_allclose(Power(**PLAIN, **analysis)(X), np.abs(spectra) ** 2)


def test_power_is_that_of_the_filters_before_they_sum() -> None:
    front = Mel(**PLAIN, n_fft=512, power=1)
    expected = front.filters.matrix @ Magnitude(**PLAIN, n_fft=512, hop_length=512)(X)
    np.testing.assert_allclose(front(X), expected)


@pytest.mark.parametrize(
    ("given", "formula"),
    [
        ({"log": "natural", "log_offset": 1e-6}, lambda s: np.log(s + 1e-6)),
        ({"log": "natural", "log_floor": 1e-5}, lambda s: np.log(np.maximum(s, 1e-5))),
        ({"log": "natural", "log_offset": 1}, np.log1p),
        ({"log": "log10"}, lambda s: np.log10(np.maximum(s, 1e-10))),
        ({"top_db": math.inf}, lambda s: 10 * np.log10(np.maximum(s, 1e-10))),
        (
            {"log_reference": "max", "top_db": 35},
            lambda s: np.maximum(10 * np.log10(np.maximum(s, 1e-10) / s.max()), -35),
        ),
        (
            {"log_reference": 4, "top_db": 50},
            lambda s: np.maximum(
                10 * np.log10(np.maximum(s, 1e-10) / 4), 10 * np.log10(s.max() / 4) - 50
            ),
        ),
        (  # Whisper's: eight decades below the loudest, (x + 4) / 4
            {"log": "log10", "top_db": 80, "mean": -4, "deviation": 4},
            lambda s: (np.maximum(np.log10(np.maximum(s, 1e-10)), np.log10(s.max()) - 8) + 4) / 4,
        ),
    ],
)
def test_logarithms_follow_their_formula(given, formula) -> None:  # type: ignore[no-untyped-def]
    quiet = X.copy()
    quiet[2000:4000] = 0
    front = LogMel(**PLAIN, n_fft=400, hop_length=200, n_mels=30, **given)
    power = Mel(**PLAIN, n_fft=400, hop_length=200, n_mels=30)(quiet)
    np.testing.assert_allclose(front(quiet), formula(power), atol=1e-9)


def test_decibels_of_magnitudes_are_those_of_their_power() -> None:
    common = {**PLAIN, "n_fft": 400, "top_db": 60.0}
    magnitude = LogSpectrogram(**common, power=1, log_floor=1e-5)(X)
    np.testing.assert_allclose(magnitude, LogSpectrogram(**common, log_floor=1e-10)(X), atol=1e-9)


@pytest.mark.parametrize(
    ("given", "formula"),
    [
        ({"mean": -30.0, "deviation": 20.0}, lambda v: (v + 30) / 20),
        (
            {"mean": tuple(range(12)), "deviation": tuple(range(1, 13))},
            lambda v: (v - np.arange(12)[:, None]) / np.arange(1, 13)[:, None],
        ),
        ({"normalisation": "clip"}, lambda v: (v - v.mean()) / v.std()),
        ({"normalisation": "clip", "ddof": 1}, lambda v: (v - v.mean()) / v.std(ddof=1)),
        ({"normalisation": "clip-mean"}, lambda v: v - v.mean()),
        (
            {"normalisation": "bin", "epsilon": 0.5},
            lambda v: (v - v.mean(1, keepdims=True)) / (v.std(1, keepdims=True) + 0.5),
        ),
        ({"normalisation": "bin-mean"}, lambda v: v - v.mean(1, keepdims=True)),
        ({"normalisation": "range"}, lambda v: (v - v.min()) / (v.max() - v.min())),
    ],
)
def test_normalisations_follow_their_formula(given, formula) -> None:  # type: ignore[no-untyped-def]
    common = {**PLAIN, "n_fft": 512, "n_mels": 12}
    np.testing.assert_allclose(
        LogMel(**common, **given)(X), formula(LogMel(**common)(X)), atol=1e-10
    )


@pytest.mark.parametrize(("lifter", "first"), [(0, 1), (22, 0), (22, 1), (30.5, 1)])
def test_mfccs_are_cosines_of_the_log_mel_spectrogram(lifter: float, first: int) -> None:
    common = {**PLAIN, "n_fft": 512, "n_mels": 20}
    values = LogMel(**common)(X)
    found = Mfcc(**common, n_mfcc=7, lifter=lifter, lifter_first=first)(X)
    for c in range(7):
        cosine = np.cos(np.pi * c * (np.arange(20) + 0.5) / 20) * np.sqrt((1 + (c > 0)) / 20)
        weight = 1 + lifter / 2 * np.sin(np.pi * (c + first) / lifter) if lifter else 1
        np.testing.assert_allclose(found[c], weight * cosine @ values, atol=1e-9)


@pytest.mark.parametrize("orientation", ["frequency-time", "time-frequency"])
@pytest.mark.parametrize("channel_axis", ["first", "last", "none"])
def test_axes_lie_as_the_network_takes_them(orientation: str, channel_axis: str) -> None:
    plane = Mel(**PLAIN, n_fft=512, n_mels=20)(X)
    front = Mel(
        RATE, None, n_fft=512, n_mels=20, orientation=orientation, channel_axis=channel_axis
    )
    x = front(X)
    turned = plane if orientation == "frequency-time" else plane.T
    expected = {"first": turned[None], "last": turned[..., None], "none": turned}[channel_axis]
    np.testing.assert_array_equal(x, expected)
    assert x.shape == front.input_shape(len(X))
    np.testing.assert_array_equal(front.plane(x), plane)
    labels = front.segments.labels(x.shape)
    assert labels.shape == x.shape
    np.testing.assert_array_equal(
        front.plane(labels), Mel(RATE).segments.labels((1, *plane.shape))[0]
    )


def test_frames_are_cut_off_or_added_before_the_normalisation() -> None:
    whole = LogMel(**PLAIN, n_fft=512, n_mels=12)(X)
    common = {**PLAIN, "n_fft": 512, "n_mels": 12, "length": len(X), "mean": -10, "deviation": 4}
    count = whole.shape[1]
    assert count > 10
    np.testing.assert_allclose(LogMel(**common, frames=10)(X), (whole[:, :10] + 10) / 4)
    longer = LogMel(**common, frames=count + 3, pad_value=2.0)(X)
    np.testing.assert_allclose(longer[:, :count], (whole + 10) / 4)
    np.testing.assert_allclose(longer[:, count:], 3.0)


@pytest.mark.parametrize("analysis", ANALYSES)
def test_a_number_of_frames_alone_says_how_long_a_clip_is(analysis: dict[str, object]) -> None:
    front = Magnitude(**PLAIN, **analysis, frames=13)
    assert front.length is not None
    assert front.input_shape(front.length) == (front.analysis.bins, 13)
    fitted = front.fit(clip_from_samples(sound(3.0) / FULL_SCALE, RATE))
    assert front(fitted.samples).shape == (front.analysis.bins, 13)


@pytest.mark.parametrize(
    ("given", "formula"),
    [
        ({}, lambda v: v / FULL_SCALE),
        ({"scale": 32768}, lambda v: v),
        ({"scale": "peak"}, lambda v: v / np.abs(v).max()),
        ({"mean": 0.1, "deviation": 0.5}, lambda v: (v / FULL_SCALE - 0.1) / 0.5),
        ({"normalisation": "clip"}, lambda v: (v - v.mean()) / v.std()),
        ({"normalisation": "clip-mean", "scale": 1}, lambda v: (v - v.mean()) / FULL_SCALE),
        ({"normalisation": "range"}, lambda v: (v - v.min()) / (v.max() - v.min())),
        (
            {"normalisation": "percentile", "scale": 32768},
            lambda v: v / (np.percentile(v, 95) + 0.001),
        ),
    ],
)
def test_waveforms_are_scaled_and_normalised(given, formula) -> None:  # type: ignore[no-untyped-def]
    front = Waveform(RATE, len(X), **given)
    np.testing.assert_allclose(front(X), formula(X)[None], atol=1e-9)
    bare = Waveform(RATE, **given, channel_axis="none")
    np.testing.assert_array_equal(bare(X), front(X)[0])


@pytest.mark.parametrize("ddof", [0, 1])
def test_each_frame_of_a_waveform_is_normalised_by_itself(ddof: int) -> None:
    front = front_from("frames", {"rate": RATE, "hop_length": 160, "ddof": ddof})
    x = front(X)
    assert x.shape == (1 + (len(X) - 1024) // 160, 1024)
    third = X[320:1344]
    np.testing.assert_allclose(x[2], (third - third.mean()) / third.std(ddof=ddof), atol=1e-9)
    centred = front_from("frames", {"rate": RATE, "hop_length": 160, "framing": "centred"})(X)
    assert centred.shape == (1 + len(X) // 160, 1024)
    first = np.append(np.zeros(512), X[:512])
    np.testing.assert_allclose(centred[0], (first - first.mean()) / first.std(), atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clips_of_either_precision_give_the_same_input(dtype: type) -> None:
    front = LogMel(**PLAIN, n_fft=512, n_mels=12)
    np.testing.assert_allclose(front(X.astype(dtype)), front(X), atol=1e-3)


def test_any_rate_and_any_length_are_taken() -> None:
    recording = clip_from_samples(sound(1.5, 44100) / FULL_SCALE, 44100)
    whole = LogMel(RATE, n_fft=512, n_mels=12)
    fitted = whole.fit(recording)
    assert (fitted.rate, len(fitted.samples)) == (RATE, 24000)
    window = LogMel(RATE, 8000, n_fft=512, n_mels=12).fit(recording)
    assert len(window.samples) == 8000
    assert "the loudest 0.5 s" in window.notes[-1]


def test_what_is_too_short_for_a_frame_gets_zeros_or_is_repeated() -> None:
    short = clip_from_samples(sound(0.02) / FULL_SCALE, RATE)
    front = {"rate": RATE, "n_fft": 512, "framing": "uncentred"}
    assert len(LogMel(**front).fit(short).samples) == 512
    repeated = LogMel(**front, length=1000, short="repeat").fit(short)
    np.testing.assert_allclose(repeated.samples[320:640], short.samples)
    np.testing.assert_allclose(repeated.samples[960:], short.samples[:40])
    assert "0.02 s long: repeated to 0.0625 s" in repeated.notes


@pytest.mark.parametrize(
    ("kind", "given", "noted"),
    [
        ("log-mel", {"normalisation": "clip"}, True),
        ("log-mel", {"normalisation": "bin-mean"}, True),
        ("waveform", {"normalisation": "clip"}, True),
        ("frames", {}, True),
        ("log-mel", {"scale": "peak"}, True),
        ("log-mel", {"mean": 3.0}, False),
        ("waveform", {}, False),
    ],
)
def test_statistics_of_the_clip_are_noted_once(
    kind: str, given: dict[str, object], noted: bool
) -> None:
    front = front_from(kind, {"rate": RATE} | given)
    clip = front.fit(front.fit(clip_from_samples(sound() / FULL_SCALE, RATE)))
    assert sum("takes as constants" in note for note in clip.notes) == noted


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"log": "natural", "log_offset": 1e-6},
        {"log_reference": "max", "top_db": 50, "mean": -20, "deviation": 7},
        {"mean": tuple(range(12)), "deviation": tuple(range(1, 13))},
        {"frames": 30, "length": 8000, "pad_value": 300.0},
        {"scale": 32768, "preemphasis": 0.97, "framing": "snip-edges", "remove_dc": True},
        {"scale": "peak"},
        {"normalisation": "range"},
    ],
)
def test_every_input_lies_within_the_bounds(given: dict[str, object]) -> None:
    front = LogMel(RATE, **{"n_fft": 512, "n_mels": 12} | given)
    low, high = front.bounds
    assert front.bounded
    assert np.isfinite(front.bounds).all()
    square = np.where(np.arange(8000) // 20 % 2, 1.9, -1.9) * FULL_SCALE  # beyond full scale
    quiet = np.where(np.arange(8000) == 4000, 1.0, 0.0)
    for samples in (X, square, quiet, 1e-3 * X):
        x = front(samples)
        assert low - 1e-9 <= x.min() <= x.max() <= high + 1e-9
    assert front.rules == "epsilon-plus-box"
    assert front.silence == low
    assert not LogMel(RATE, normalisation="clip").bounded
    assert LogMel(RATE, normalisation="clip").rules == "epsilon-plus"


@pytest.mark.parametrize("kind", ["power", "frames"])
def test_a_recording_that_would_fill_the_memory_is_refused(kind: str) -> None:
    front = front_from(kind, {"rate": RATE, "hop_length": 1})
    long = clip_from_samples(sound(12.0) / FULL_SCALE, RATE, "long.wav")
    with pytest.raises(ClipError, match=r"long\.wav lasts 12 s and would become"):
        front.fit(long)
