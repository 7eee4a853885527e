"""Pictures of spectrograms and spectra: axes in hertz and seconds, right to the pixel."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from lrp_audio.audio.domain import Frequency, TimeFrequency
from lrp_audio.audio.levels import decibels
from lrp_audio.audio.stft import Stft
from lrp_audio.drawing.heatmap import save_heatmap
from lrp_audio.drawing.spectrogram import spectrogram_figure
from lrp_audio.drawing.spectrum import spectrum_figure
from lrp_audio.drawing.style import save_figure
from lrp_audio.errors import ShapeError
from lrp_audio.fronts.spectrogram import Picture, spectrogram

Array = NDArray[Any]
TONE = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
NONE = np.zeros((227, 227))
HERTZ, SECONDS = Picture().axes(8000).values()


def pixels_of(path: Path) -> Array:
    """(height, width, rgb) of a PNG, its first row at the top."""
    return np.asarray(imread(path)[..., :3])


def at(axes: Any, picture: Array, chosen: NDArray[np.bool_]) -> tuple[float, float]:
    """Middle of the chosen pixels of `picture` inside `axes`, in data coordinates."""
    box = axes.get_window_extent()
    rows, columns = np.nonzero(chosen)
    y = picture.shape[0] - 0.5 - rows
    x = columns + 0.5
    inside = (x > box.x0 + 2) & (x < box.x1 - 2) & (y > box.y0 + 2) & (y < box.y1 - 2)
    assert inside.any()
    found = axes.transData.inverted().transform((x[inside].mean(), y[inside].mean()))
    return float(found[0]), float(found[1])


def bars(axes: Any) -> list[Any]:
    """Boxes of the bars in a panel, in data coordinates."""
    return [path.get_extents() for path in axes.collections[0].get_paths()]


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Array]:
    """The picture of a 1 kHz tone with relevance in one bin, near 1 kHz and 0.5 s."""
    relevance = NONE.copy()
    relevance[57, 112] = 1.0
    arguments = (spectrogram(TONE), relevance, HERTZ, SECONDS, "tone")
    path = tmp_path_factory.mktemp("pictures") / "tone.png"
    save_figure(spectrogram_figure(*arguments), path)
    figure = spectrogram_figure(*arguments)
    figure.canvas.draw()
    return figure, pixels_of(path)


def test_a_tone_of_1_khz_is_drawn_at_1_khz(tone: tuple[Any, Array]) -> None:
    figure, picture = tone
    axes = figure.axes[0]
    box = axes.get_window_extent()
    column = round((box.x0 + box.x1) / 2)
    height = picture.shape[0]
    inside = np.arange(height - round(box.y1) + 3, height - round(box.y0) - 3)
    shades = picture[inside, column].sum(axis=1)
    darkest = inside[shades == shades.min()].mean()
    _, hertz = axes.transData.inverted().transform((column, height - 0.5 - darkest))
    # The tone's bin is the one nearest to 1 kHz; one pixel is 7 Hz.
    nearest = HERTZ[57]
    assert abs(nearest - 1000) < 8000 / 455 / 2
    assert hertz == pytest.approx(nearest, abs=7)


def test_a_relevant_bin_is_drawn_at_its_frequency_and_time(tone: tuple[Any, Array]) -> None:
    figure, picture = tone
    red = (picture[..., 0] > picture[..., 2] + 0.3) & (picture[..., 1] < 0.5)
    seconds, hertz = at(figure.axes[1], picture, red)
    assert hertz == pytest.approx(HERTZ[57], abs=7)
    assert seconds == pytest.approx(SECONDS[112], abs=0.0015)


def test_the_axes_of_a_spectrogram_end_half_a_bin_beyond_the_outer_middles(
    tone: tuple[Any, Array],
) -> None:
    axes = tone[0].axes[0]
    step, hop = 8000 / 455, 35 / 8000
    np.testing.assert_allclose(axes.get_ylim(), (-step / 2, 226.5 * step))
    np.testing.assert_allclose(axes.get_xlim(), (1.5 * hop, 228.5 * hop))


@pytest.mark.parametrize("shape", [(2, 2), (129, 126), (228, 230), (5, 700)])
def test_a_spectrogram_of_any_size_fills_the_same_picture(
    shape: tuple[int, int], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    axes = (np.linspace(0, 4000, shape[0]), np.linspace(0, 1, shape[1]))
    for levels, relevance in (
        (-80 * rng.random(shape), rng.standard_normal(shape)),
        (np.full(shape, -80.0), np.zeros(shape)),
    ):
        figure = spectrogram_figure(levels, relevance, *axes, "a $b$\n\U0001f600")
        save_figure(figure, tmp_path / "a.png")
        assert pixels_of(tmp_path / "a.png").shape == (825, 1500, 3)


def test_arrays_that_do_not_fit_are_refused() -> None:
    axes = (HERTZ, SECONDS)
    with pytest.raises(ShapeError, match="one shape"):
        spectrogram_figure(NONE[:5], NONE, *axes, "")
    with pytest.raises(ShapeError, match="227 frequencies and 227 times"):
        spectrogram_figure(NONE[:5], NONE[:5], *axes, "")
    with pytest.raises(ShapeError, match="one shape"):
        spectrum_figure(np.ones(5), np.ones(4), np.arange(5.0), "")
    with pytest.raises(ShapeError, match="2 bins or more"):
        spectrum_figure(np.ones(1), np.ones(1), np.arange(1.0), "")


def test_the_relevance_of_a_spectrum_stands_at_its_frequency(tmp_path: Path) -> None:
    relevance = np.zeros(4001)
    relevance[1000] = 1.0
    arguments = (decibels(np.abs(np.fft.rfft(TONE))), relevance, np.arange(4001.0), "tone")
    figure = spectrum_figure(*arguments)
    tallest = max(bars(figure.axes[1]), key=lambda bar: bar.height)
    assert tallest.x0 <= 1000 <= tallest.x1
    assert tallest.width == pytest.approx(20)
    save_figure(spectrum_figure(*arguments), tmp_path / "a.png")
    assert pixels_of(tmp_path / "a.png").shape == (825, 1500, 3)


@pytest.mark.parametrize(
    ("domain", "shape"),
    [
        (Frequency(8000), (4001,)),
        (TimeFrequency(Stft(256, 64, 8000), 8000), (129, 126)),
        (Picture(), (227, 227)),
    ],
)
def test_every_domain_has_its_picture(domain: Any, shape: tuple[int, ...], tmp_path: Path) -> None:
    save_heatmap(tmp_path / "a.png", TONE, np.ones(shape), domain, "tone")
    assert pixels_of(tmp_path / "a.png").shape == (825, 1500, 3)


def single_bin(shape: tuple[int, int], row: int, column: int) -> tuple[Any, ...]:
    """Arguments of a picture 0 to 4000 Hz and 0 to 1 s with relevance in one bin."""
    relevance = np.zeros(shape)
    relevance[row, column] = 1.0
    axes = (np.linspace(0, 4000, shape[0]), np.linspace(0, 1, shape[1]))
    return np.zeros(shape), relevance, *axes, "bin"


def inside_panel(figure: Any, path: Path) -> tuple[Any, Array]:
    """The right panel and its pixels without lines; pixels outside of it are white."""
    axes = figure.axes[1]
    axes.spines[:].set_visible(False)
    save_figure(figure, path)
    picture = pixels_of(path)
    left, bottom, right, top = np.rint(axes.get_window_extent().extents).astype(int)
    panel = (slice(len(picture) - top, len(picture) - bottom), slice(left, right))
    inside = np.ones_like(picture)
    inside[panel] = picture[panel]
    return axes, inside


def extent_of(axes: Any, chosen: NDArray[np.bool_]) -> Array:
    """Outer edges ((left, bottom), (right, top)) of the chosen pixels, in data coordinates."""
    rows, columns = np.nonzero(chosen)
    height = chosen.shape[0]
    corners = [(columns.min(), height - 1 - rows.max()), (columns.max() + 1, height - rows.min())]
    return np.asarray(axes.transData.inverted().transform(corners))


@pytest.mark.parametrize("shape", [(129, 126), (2049, 9), (5, 2001)])
def test_a_bin_fills_its_cell_also_where_the_other_axis_has_more_bins_than_pixels(
    shape: tuple[int, int], tmp_path: Path
) -> None:
    row, column = shape[0] // 4, shape[1] // 2
    arguments = single_bin(shape, row, column)
    axes, picture = inside_panel(spectrogram_figure(*arguments), tmp_path / "a.png")
    found = extent_of(axes, picture.min(axis=-1) < 0.9)
    frequencies, times = arguments[2:4]
    middle = np.array([times[column], frequencies[row]])
    half = np.array([times[1], frequencies[1]]) / 2
    # A cell ends between two pixels, and is one pixel or more: about 0.0016 s and 7 Hz.
    pixel = np.ptp(axes.viewLim.get_points(), axis=0) / axes.get_window_extent().size
    assert (np.abs(found.mean(axis=0) - middle) < pixel).all()
    assert (np.abs(found - [middle - half, middle + half]) < 2 * pixel).all()


def test_relevance_is_red_where_positive_and_blue_where_negative(tmp_path: Path) -> None:
    arguments = list(single_bin((200, 50), 0, 0))
    arguments[1] = np.repeat([[1.0], [-1.0]], 100, axis=0) * np.ones(50)
    axes, picture = inside_panel(spectrogram_figure(*arguments), tmp_path / "a.png")
    redness = picture[..., 0] - picture[..., 2]
    (_, low), (_, high) = extent_of(axes, redness > 0.3)
    assert high - low == pytest.approx(100 * 4000 / 199, abs=14)
    assert extent_of(axes, redness < -0.3)[0, 1] == pytest.approx(high, abs=14)


def test_no_relevance_lets_the_spectrogram_show_through(tmp_path: Path) -> None:
    arguments = list(single_bin((100, 100), 0, 0))
    arguments[:2] = np.linspace(-80, 0, 100)[:, None] * np.ones(100), np.zeros((100, 100))
    _, picture = inside_panel(spectrogram_figure(*arguments), tmp_path / "a.png")
    assert np.ptp(picture, axis=-1).max() < 0.02
    assert 0.5 < picture.min() < 0.7


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30])
def test_extreme_magnitudes_are_drawn_without_a_warning(scale: float, tmp_path: Path) -> None:
    relevance = scale * np.random.default_rng(0).standard_normal((129, 126))
    arguments = list(single_bin((129, 126), 0, 0))
    arguments[1] = relevance
    save_figure(spectrogram_figure(*arguments), tmp_path / "a.png")
    values = np.abs(relevance[0])
    figure = spectrum_figure(decibels(values), values, np.arange(126.0), "$^{$")
    save_figure(figure, tmp_path / "b.png")


def test_visible_ticks_lie_within_the_band_and_the_second() -> None:
    for axes in spectrogram_figure(NONE, NONE, HERTZ, SECONDS, "").axes[:2]:
        for ticks, (low, high), end in (
            (axes.get_xticks(), axes.get_xlim(), 1),
            (axes.get_yticks(), axes.get_ylim(), 4000),
        ):
            shown = ticks[(low <= ticks) & (ticks <= high)]
            assert len(shown) >= 4
            assert 0 <= shown.min() < shown.max() <= end


def test_bars_hold_the_relevance_of_each_20_hertz() -> None:
    relevance = np.random.default_rng(0).standard_normal(4001)
    hertz = np.arange(4001.0)
    drawn = bars(spectrum_figure(np.ones(4001), relevance, hertz, "").axes[1])
    assert len(drawn) == 201
    for bar in drawn:
        held = relevance[(bar.x0 < hertz) & (hertz < bar.x1)].sum()
        assert (bar.y1 if held > 0 else bar.y0) == pytest.approx(held, abs=1e-9)
