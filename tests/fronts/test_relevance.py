"""Relevance from the input of a network back to bins, samples and frequencies, and its sound."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from front_cases import ANALYSES, FULL_SCALE, KINDS, PLAIN, RATE, sound

from lrp_audio.audio.clip import clip_from_samples
from lrp_audio.audio.dct import fold_into_convolution, fold_into_weight
from lrp_audio.errors import FrontError, ShapeError, SpectrumError
from lrp_audio.fronts import FrontEnd, LogMel, Magnitude, Mel, Mfcc, front_from
from lrp_audio.fronts.stft_front import StftFront
from lrp_audio.layers.conv1d import Conv1D
from lrp_audio.layers.conv2d import Conv2D
from lrp_audio.layers.dense import Dense
from lrp_audio.layers.flatten import Flatten
from lrp_audio.layers.relu import ReLU
from lrp_audio.model import Model
from lrp_audio.models.network import Network, chain
from lrp_audio.outputs import Output
from lrp_audio.types import Floats

X = sound(0.3)


def made(kind: str, given: dict[str, Any], analysis: dict[str, Any]) -> StftFront:
    front = front_from(kind, PLAIN | analysis | given)
    assert isinstance(front, StftFront)
    return front


def relevance_of(x: Floats, seed: int = 0) -> Floats:
    """Relevance of both signs, such as a network could give the input `x`."""
    return np.random.default_rng(seed).standard_normal(x.shape) * (1 + np.abs(x))


@pytest.mark.parametrize("domain", ["time-frequency", "time", "frequency"])
@pytest.mark.parametrize(("kind", "given"), KINDS)
def test_every_line_of_the_ledger_closes(kind: str, given: dict[str, Any], domain: str) -> None:
    for analysis in ANALYSES:
        front = made(kind, given, analysis)
        x = front.plane(front(X))
        own = relevance_of(x)
        found = front.choose(domain)
        carried = found.carry(x, own, X)
        axes = found.axes(len(X))
        assert carried.relevance.shape == tuple(len(axes[name]) for name in found.along)
        assert tuple(line.layer for line in carried.lines) == found.layers
        amount, scale = own.sum(), np.abs(own).sum()
        for line in carried.lines:
            assert line.relevance_out == pytest.approx(amount, abs=1e-10 * scale)
            amount = line.relevance_in
            assert line.relevance_out == pytest.approx(amount + line.dropped, abs=1e-10 * scale)
        assert carried.relevance.sum() == pytest.approx(amount, abs=1e-10 * scale)


def test_mel_filters_share_relevance_as_lrp_0_does() -> None:
    front = Mel(**PLAIN, n_fft=64, hop_length=32, n_mels=6)
    power = np.abs(front.analysis.spectra(X / FULL_SCALE)) ** 2
    own = relevance_of(front(X))
    found = front.domain.carry(front(X), own, X).relevance
    for frame in (0, 40, 77):
        weights = front.filters.matrix
        expected = np.zeros(33)
        for m in range(6):
            z = weights[m] * power[:, frame]
            expected += z / z.sum() * own[m, frame]
        np.testing.assert_allclose(found[:, frame], expected, atol=1e-9)


def test_relevance_of_bins_passes_the_logarithm_and_the_normalisation() -> None:
    front = made(
        "log-spectrogram",
        {"top_db": np.inf, "log_floor": 1e-30, "normalisation": "clip"},
        ANALYSES[0],
    )
    own = relevance_of(front(X))
    np.testing.assert_array_equal(front.domain.carry(front(X), own, X).relevance, own)


@pytest.mark.parametrize(
    ("given", "raised"),
    [
        ({"log_floor": 1e-2, "top_db": np.inf}, lambda s: s < 1e-2),
        ({"top_db": 20}, lambda s: 10 * np.log10(s) < 10 * np.log10(s.max()) - 20),
        ({"log": "natural", "log_offset": 1e-3}, lambda s: s < 0),
    ],
)
def test_what_a_limit_raised_is_dropped(given, raised) -> None:  # type: ignore[no-untyped-def]
    front = LogMel(**PLAIN, n_fft=512, n_mels=20, **given)
    own = relevance_of(front(X))
    limited = raised(Mel(**PLAIN, n_fft=512, n_mels=20)(X))
    carried = front.domain.carry(front(X), own, X)
    assert carried.lines[0].layer == "logarithm"
    assert carried.lines[0].dropped == pytest.approx(own[limited].sum())
    kept = np.where(limited, 0, own)
    again = front.domain.carry(front(X), kept, X)
    np.testing.assert_array_equal(again.relevance, carried.relevance)


def test_a_filter_without_any_bin_drops_what_it_got() -> None:
    front = LogMel(**PLAIN, n_fft=256, hop_length=160, n_mels=120)
    empty = ~front.filters.matrix.any(axis=1)
    assert empty.any()
    own = np.where(empty[:, None], 1.0, 0.0) * np.ones_like(front(X))
    carried = front.domain.carry(front(X), own, X)
    assert not carried.relevance.any()
    assert sum(line.dropped for line in carried.lines) == pytest.approx(own.sum())


def test_relevance_of_added_frames_is_dropped_and_frames_cut_off_have_none() -> None:
    whole = made("power", {}, ANALYSES[0])
    count = whole(X).shape[1]
    longer = replace(whole, length=len(X), frames=count + 4)
    own = relevance_of(longer(X))
    carried = longer.domain.carry(longer(X), own, X)
    np.testing.assert_array_equal(carried.relevance, own[:, :count])
    assert carried.lines[0].dropped == pytest.approx(own[:, count:].sum())
    shorter = replace(whole, length=len(X), frames=count - 4)
    own = relevance_of(shorter(X))
    carried = shorter.domain.carry(shorter(X), own, X)
    np.testing.assert_array_equal(carried.relevance, np.pad(own, ((0, 0), (0, 4))))


@pytest.mark.parametrize("analysis", ANALYSES)
def test_samples_share_relevance_as_lrp_0_through_the_dense_transform(
    analysis: dict[str, Any],
) -> None:
    small = {name: v // 8 if isinstance(v, int) else v for name, v in analysis.items()}
    front = made("power", {}, small)
    x = X[2000:2150]
    own = relevance_of(front(x))
    matrix = np.array([front.analysis.spectra(unit) for unit in np.eye(len(x))])
    z = front.analysis.spectra(x)
    power = np.abs(z) ** 2
    expected = x * sum(
        np.einsum("tbf,bf->t", part, part_z / power * own)
        for part, part_z in ((matrix.real, z.real), (matrix.imag, z.imag))
    )
    found = front.choose("time").carry(front(x), own, x).relevance
    np.testing.assert_allclose(found, expected, atol=1e-8 * np.abs(own).sum())


def test_frames_give_samples_the_sum_of_their_relevance() -> None:
    front = front_from("frames", {"rate": RATE, "hop_length": 160})
    own = relevance_of(front(X))
    carried = front.domain.carry(front(X), own, X)
    expected = np.zeros(len(X))
    for index, frame in enumerate(own):
        expected[160 * index : 160 * index + 1024] += frame
    np.testing.assert_allclose(carried.relevance, expected, atol=1e-9)
    assert [line.dropped for line in carried.lines] == [0.0]
    centred = front_from("frames", {"rate": RATE, "hop_length": 160, "framing": "centred"})
    own = relevance_of(centred(X))
    (line,) = centred.domain.carry(centred(X), own, X).lines
    before = sum(own[i, : 512 - 160 * i].sum() for i in range(4))
    after = sum(own[i, max(len(X) + 512 - 160 * i, 0) :].sum() for i in range(len(own)))
    assert line.dropped == pytest.approx(before + after)
    assert line.relevance_in == pytest.approx(own.sum() - before - after)


@pytest.mark.parametrize("name", ["time", "frequency", "time-frequency"])
def test_relevance_of_frames_goes_on_to_every_domain(name: str) -> None:
    front = front_from("frames", {"rate": RATE, "hop_length": 200})
    own = relevance_of(front(X))
    for domain in (front.choose(name), front.choose("time-frequency", 128, 32)):
        carried = domain.carry(front(X), own, X)
        lost = sum(line.dropped for line in carried.lines)
        assert carried.relevance.sum() == pytest.approx(own.sum() - lost)


@pytest.mark.parametrize("scale", ["slaney", "htk", "kaldi"])
@pytest.mark.parametrize("analysis", ANALYSES)
def test_98_percent_of_a_selected_bands_energy_survives(
    scale: str, analysis: dict[str, Any]
) -> None:
    front = LogMel(**PLAIN, n_mels=40, mel_scale=scale, **analysis)
    noise = 3000 * np.random.default_rng(5).standard_normal(2 * RATE)
    own = np.zeros_like(front(noise))
    own[10:30] = 0.3
    carried = front.domain.carry(own, own, noise).relevance
    mask = front.mask(front.domain, carried, own, noise, "for")
    first, last = front.filters.matrix[[10, 29]].argmax(axis=1)  # the middles of the outer filters

    def energy(samples: Floats) -> float:
        spectra = Magnitude(**PLAIN, **analysis | {"preemphasis": 0.0})(samples)
        return float((spectra[first : last + 1] ** 2).sum())

    assert energy(front.domain.heard(mask, noise)) / energy(noise) > 0.98
    loudness_twice = np.maximum(carried, 0) / carried.max()
    assert energy(front.domain.heard(loudness_twice, noise)) / energy(noise) < 0.5


def test_bins_that_no_filter_reads_take_their_neighbours_mask() -> None:
    front = Mel(**PLAIN, n_fft=512, n_mels=10, fmin=500, fmax=4000)
    mask = np.random.default_rng(0).uniform(size=(10, 3))
    lifted = front.filters.lifted(mask)
    read = np.flatnonzero(front.filters.matrix.any(axis=0))
    np.testing.assert_allclose(lifted[: read[0]], np.tile(lifted[read[0]], (read[0], 1)))
    np.testing.assert_allclose(lifted[read[-1] + 1], lifted[read[-1]])
    weights = front.filters.matrix[:, 40]
    np.testing.assert_allclose(lifted[40], weights @ mask / weights.sum())
    np.testing.assert_allclose(front.filters.lifted(np.ones((10, 3))), 1.0)


def test_without_filters_the_mask_is_that_of_the_relevance() -> None:
    front = Magnitude(**PLAIN, n_fft=512)
    own = relevance_of(front(X))
    expected = np.maximum(-own, 0) / -own.min()
    np.testing.assert_allclose(front.mask(front.domain, own, own, X, "against"), expected)


def test_the_cosine_transform_keeps_relevance_of_its_size() -> None:
    front = Mfcc(**PLAIN, n_fft=512, n_mels=40, n_mfcc=13, top_db=np.inf, log_floor=1e-30)
    own = relevance_of(front(X))
    carried = front.domain.carry(front(X), own, X)
    assert np.abs(carried.relevance).sum() <= np.abs(own).sum() * (1 + 1e-9)


@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_network_on_mfccs_computes_the_same_on_log_mels(stride: int, padding: int) -> None:
    rng = np.random.default_rng(3)
    given = {"mean": tuple(range(9)), "deviation": tuple(range(1, 10))}
    front = Mfcc(**PLAIN, n_fft=512, n_mels=20, n_mfcc=9, lifter=22, **given)
    below, matrix, offset = front.folded
    mfcc, log_mel = front(X), below(X)
    time = mfcc.shape[1]

    weight, bias = rng.standard_normal((4, 9, 3)), rng.standard_normal(4)
    expected = Conv1D(weight, bias).forward(mfcc[None])
    found = Conv1D(*fold_into_weight(weight, bias, matrix, offset)).forward(log_mel[None])
    np.testing.assert_allclose(found, expected, atol=1e-8)

    dense, bias = rng.standard_normal((5, 9 * time)), rng.standard_normal(5)
    expected = Dense(dense, bias).forward(mfcc.reshape(1, -1))
    folded, moved = fold_into_weight(dense.reshape(5, 9, time), bias, matrix, offset)
    found = Dense(folded.reshape(5, -1), moved).forward(log_mel.reshape(1, -1))
    np.testing.assert_allclose(found, expected, atol=1e-7)

    weight, bias = rng.standard_normal((4, 1, 3, 5)), rng.standard_normal(4)
    layer = Conv2D(weight, bias, stride=(stride, 1), pad=(padding, 0))
    expected = layer.forward(mfcc[None, None])
    over_time = fold_into_convolution(weight, bias, matrix, offset, stride, padding)
    found = Conv1D(*over_time).forward(log_mel[None])
    np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=1e-8)


def test_what_cannot_be_folded_is_refused() -> None:
    with pytest.raises(FrontError, match="normalisation is bin"):
        _ = Mfcc(RATE, normalisation="bin").folded
    with pytest.raises(FrontError, match="pad_value 3"):
        _ = Mfcc(RATE, frames=900, length=16000, pad_value=3).folded
    with pytest.raises(ShapeError, match="8 inputs on axis 1, but there are 9"):
        fold_into_weight(np.ones((2, 8, 3)), np.zeros(2), np.ones((9, 20)), np.zeros(9))
    with pytest.raises(ShapeError, match="9 coefficients padded by 0"):
        fold_into_convolution(np.ones((2, 1, 10, 3)), np.zeros(2), np.ones((9, 20)), np.zeros(9))


def network(front: FrontEnd) -> Model:
    """A small network behind `front`."""
    rng = np.random.default_rng(0)
    size = int(np.prod(front.shape))
    layers = [
        ("flatten", Flatten()),
        ("fc1", Dense(rng.standard_normal((16, size)) / np.sqrt(size), rng.standard_normal(16))),
        ("relu", ReLU()),
        ("fc2", Dense(rng.standard_normal((3, 16)), rng.standard_normal(3))),
    ]
    return Model(
        "small",
        Network(chain(layers), front.shape),
        Output(("a", "b", "c")),
        np.dtype(np.float64),
        front=front,
    )


FRONTS: tuple[FrontEnd, ...] = (
    LogMel(RATE, 8000, n_fft=512, hop_length=160, n_mels=20),
    LogMel(RATE, frames=40, n_fft=400, n_mels=20, orientation="time-frequency"),
    Mel(RATE, 8000, n_fft=512, n_mels=20, channel_axis="last"),
    Magnitude(RATE, 8000, n_fft=512, channel_axis="none"),
    Mfcc(RATE, 8000, n_fft=512, n_mels=20, n_mfcc=10, normalisation="bin"),
    front_from("waveform", {"rate": RATE, "length": 4000, "normalisation": "clip"}),
    front_from("waveform", {"rate": RATE, "length": 4000, "channel_axis": "none"}),
    front_from("frames", {"rate": RATE, "length": 4096, "hop_length": 512}),
)


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: type(front).__name__)
def test_a_network_behind_a_front_end_is_explained_shown_heard_and_saved(
    front: FrontEnd, tmp_path: Path
) -> None:
    model = network(front)
    clip = clip_from_samples(sound(0.8, 22050) / FULL_SCALE, 22050)
    explained = model.explain(clip, "b")
    assert explained.domain == front.domain
    for each in (explained, *map(explained.in_domain, front.domains)):
        assert each.ledger.worst_residual() < 1e-9
        assert each.ledger.entries[-1].relevance_in[0] == pytest.approx(each.relevance.sum())
        assert len(each.ledger) == 4 + len(each.domain.layers)
        assert each.domain.shown(each.clip.samples).shape == each.relevance.shape
        assert np.isfinite(each.sound()).all()
        assert np.isfinite(each.sound("masked", "against")).all()
    back = explained.in_domain(front.domains[-1]).in_domain(front.domain)
    np.testing.assert_array_equal(back.relevance, explained.relevance)
    again = model.explain(clip, "b", domain=front.domains[-1])
    np.testing.assert_array_equal(again.relevance, explained.in_domain(front.domains[-1]).relevance)
    explained.save(tmp_path / "out")
    assert (tmp_path / "out" / "heatmap.png").stat().st_size > 1000
    saved = np.load(tmp_path / "out" / "relevance.npz")
    assert saved["relevance"].shape == explained.relevance.shape


def test_a_network_of_any_length_gets_the_whole_recording() -> None:
    rng = np.random.default_rng(0)
    front = LogMel(RATE, n_fft=512, n_mels=20, channel_axis="none")
    convolution = Conv1D(rng.standard_normal((3, 20, 4)), rng.standard_normal(3))
    inputs = {seconds: front(sound(seconds)) for seconds in (0.4, 0.7)}
    for seconds, x in inputs.items():
        y = convolution.forward(x[None])
        assert y.shape[2] == front.analysis.count(round(seconds * RATE)) - 3
        carried = front.domain.carry(x, relevance_of(x), sound(seconds))
        assert carried.relevance.shape == (257, x.shape[1])
    with pytest.raises(ShapeError, match="any length"):
        _ = front.shape


def test_a_domain_of_another_front_end_is_refused() -> None:
    front, other = (LogMel(RATE, 8000, n_fft=512, n_mels=n) for n in (20, 30))
    assert front.as_domain(front.domain) == front.domain
    for domain in other.domains:
        with pytest.raises(SpectrumError, match="belongs to another front end"):
            front.as_domain(domain)
    with pytest.raises(SpectrumError, match="has a spectrogram of its own"):
        front.choose("time-frequency", window=256)
