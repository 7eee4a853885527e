"""The transforms of front ends, held against their definitions, and their transposes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrp_audio.audio.analysis import FRAMINGS, PAD_MODES, WINDOWS, Analysis, window


def definition(analysis: Analysis, x: np.ndarray, first: int) -> np.ndarray:
    """The spectra by the sum that defines the DFT, frame by frame; zeros around `x`."""
    n = np.arange(analysis.win_length)
    phases = np.exp(-2j * np.pi * np.outer(np.arange(analysis.bins), n) / analysis.n_fft)
    columns = []
    for frame in range(analysis.count(len(x))):
        places = first + frame * analysis.hop_length + n
        inside = (places >= 0) & (places < len(x))
        values = np.where(inside, x[np.clip(places, 0, len(x) - 1)], 0)
        columns.append(phases @ (values * analysis.taper))
    return np.array(columns).T


@pytest.mark.parametrize(
    ("framing", "first", "frames"),
    [
        ("centred", -100 + 20, 11),  # half of 201, and the window in the middle of it
        ("uncentred", 20, 9),
        ("snip-edges", 0, 10),
        ("kaldi-padded", -80 + 42, 11),
    ],
)
def test_frames_begin_and_end_where_the_convention_says(
    framing: str, first: int, frames: int
) -> None:
    analysis = Analysis(201, 161, 85, "hamming", framing)
    x = np.random.default_rng(0).standard_normal(931)
    assert analysis.count(len(x)) == frames
    inner = slice(1, frames - 1)  # the outer ones may read mirrored samples
    np.testing.assert_allclose(
        np.abs(analysis.spectra(x))[:, inner], np.abs(definition(analysis, x, first))[:, inner]
    )
    np.testing.assert_allclose(
        analysis.times(1000, 3), (first + 80 + 85 * np.arange(3)) / 1000, atol=1e-12
    )


@pytest.mark.parametrize("pad_mode", PAD_MODES)
def test_centred_frames_read_zeros_or_the_mirror_image_around_the_signal(pad_mode: str) -> None:
    x = np.random.default_rng(1).standard_normal(300)
    found = Analysis(64, 64, 16, "hann", "centred", pad_mode).spectra(x)
    mode = "reflect" if pad_mode == "reflect" else "constant"
    extended = np.pad(x, 32, mode=mode)  # type: ignore[call-overload]
    expected = Analysis(64, 64, 16, "hann", "uncentred").spectra(extended)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_kaldi_mirrors_its_padding_about_the_edge_itself() -> None:
    x = np.random.default_rng(1).standard_normal(400)
    found = Analysis(128, 100, 40, "povey", "kaldi-padded").spectra(x)
    extended = np.pad(x, (30, 40), mode="symmetric")
    expected = Analysis(128, 100, 40, "povey", "snip-edges").spectra(extended)
    np.testing.assert_allclose(found, expected[:, : found.shape[1]], atol=1e-12)
    assert found.shape[1] == 10


def test_kaldi_frames_lose_their_mean_and_are_preemphasised_one_by_one() -> None:
    x = np.random.default_rng(2).standard_normal(260) + 5
    found = Analysis(64, 50, 30, "hann", "snip-edges", preemphasis=0.9, remove_dc=True).spectra(x)
    frame = x[60:110] - x[60:110].mean()
    frame = frame - 0.9 * np.concatenate([frame[:1], frame[:-1]])
    np.testing.assert_allclose(found[:, 2], np.fft.rfft(frame * window("hann", 50), 64))


def test_windows_are_periodic_unless_said_otherwise() -> None:
    np.testing.assert_allclose(window("hann-symmetric", 9), np.hanning(9), atol=1e-15)
    np.testing.assert_allclose(window("hann", 8), np.hanning(9)[:-1], atol=1e-15)
    np.testing.assert_allclose(window("hamming", 8), np.hamming(9)[:-1])
    np.testing.assert_allclose(window("blackman", 8), np.blackman(9)[:-1], atol=1e-15)
    np.testing.assert_allclose(window("povey", 9), np.hanning(9) ** 0.85)


analyses = st.builds(
    lambda n_fft, share, hop, **rest: Analysis(
        n_fft, max(4, round(share * n_fft)), max(1, round(hop * n_fft)), **rest
    ),
    st.integers(8, 70),
    st.floats(0.3, 1),
    st.floats(0.1, 1.3),
    window=st.sampled_from(WINDOWS),
    framing=st.sampled_from(FRAMINGS),
    pad_mode=st.sampled_from(PAD_MODES),
    preemphasis=st.sampled_from([0.0, 0.97]),
)


@given(analyses, st.booleans(), st.integers(100, 300))
def test_transposed_is_the_transpose_of_the_spectra(
    analysis: Analysis, remove_dc: bool, length: int
) -> None:
    in_frames = analysis.framing in ("snip-edges", "kaldi-padded")
    analysis = Analysis(**vars(analysis) | {"remove_dc": remove_dc and in_frames})
    rng = np.random.default_rng(length)
    x = rng.standard_normal(length)
    spectra = analysis.spectra(x)
    other = rng.standard_normal((2, *spectra.shape))
    real = [0, -1] if analysis.n_fft % 2 == 0 else [0]
    other[1][real] = 0  # these bins have no imaginary part
    forward = (spectra.real * other[0] + spectra.imag * other[1]).sum()
    back = analysis.transposed(other[0] + 1j * other[1], length)
    assert back.shape == (length,)
    assert x @ back == pytest.approx(forward, abs=1e-9 * np.abs(spectra).sum())


@given(analyses, st.integers(100, 300))
def test_a_mask_of_one_leaves_every_sample_as_it_is(analysis: Analysis, length: int) -> None:
    x = np.random.default_rng(length).standard_normal(length)
    mask = np.ones((analysis.bins, analysis.count(length)))
    np.testing.assert_allclose(analysis.masked(mask, x), x, atol=1e-9)


@given(analyses, st.integers(1, 9))
def test_the_shortest_signal_gives_just_so_many_frames(analysis: Analysis, frames: int) -> None:
    length = analysis.shortest(frames)
    assert analysis.count(length) >= frames > analysis.count(length - 1)


def test_a_masked_band_is_silenced_and_the_rest_stays() -> None:
    analysis, rate = Analysis(400, 400, 100), 8000
    time = np.arange(rate) / rate
    low, high = np.sin(2 * np.pi * 500 * time), np.sin(2 * np.pi * 2500 * time)
    mask = np.repeat(analysis.frequencies(rate)[:, None] < 1500, analysis.count(rate), axis=1)
    heard = analysis.masked(mask.astype(float), low + high)
    inner = slice(400, -400)
    np.testing.assert_allclose(heard[inner], low[inner], atol=1e-3)


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("hop", [60, 100, 260])  # the last one leaves gaps between windows
def test_a_mask_of_one_frame_is_heard_at_its_time(framing: str, hop: int) -> None:
    analysis, rate = Analysis(256, 200, hop, "hann", framing), 1000
    x = np.random.default_rng(0).standard_normal(3000)
    for frame in (3, 7):
        mask = np.zeros((analysis.bins, analysis.count(len(x))))
        mask[:, frame] = 1
        power = analysis.masked(mask, x) ** 2
        middle = (power * np.arange(len(x))).sum() / power.sum() / rate
        assert middle == pytest.approx(analysis.times(rate, 9)[frame], abs=0.02 + hop / 4000)
