"""Figures for papers: every kind in every format, of a column's width, in vectors."""

import re
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.image import imread

import lrp_audio
from lrp_audio.drawing.flow import flow_figure
from lrp_audio.errors import LrpAudioError, SpectrumError
from lrp_audio.explanation import Explanation
from lrp_audio.report import figure


@pytest.fixture(scope="module")
def waveform() -> Explanation:
    return lrp_audio.load("audionet-digit").explain(lrp_audio.example("7_female"))


@pytest.fixture(scope="module")
def spectrogram() -> Explanation:
    return lrp_audio.load("alexnet-digit").explain(lrp_audio.example("3_male"))


def streams(pdf: bytes) -> bytes:
    """Everything that a PDF holds compressed."""
    found = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return b"".join(zlib.decompress(part) for part in found if part[:1] == b"\x78")


@pytest.mark.parametrize("kind", ["waveform", "spectrum"])
def test_a_pdf_is_a_column_wide_in_vectors_with_embedded_fonts(
    tmp_path: Path, waveform: Explanation, kind: Any
) -> None:
    before = rcParams["font.size"], rcParams["pdf.fonttype"]
    pdf = figure.save(tmp_path / "figure.pdf", waveform, kind).read_bytes()
    assert (rcParams["font.size"], rcParams["pdf.fonttype"]) == before
    (width,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ", pdf)
    assert float(width) == pytest.approx(figure.COLUMN * 72, abs=0.5)
    assert b"/FontFile2" in pdf  # TrueType, as a whole
    assert b"/Type3" not in pdf
    assert streams(pdf).count(b" l\n") > 4000


def test_an_svg_keeps_its_text(tmp_path: Path, waveform: Explanation) -> None:
    svg = ElementTree.parse(figure.save(tmp_path / "figure.svg", waveform, "flow"))
    text = {element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert {"conv3", "input", "bias", "time in seconds"} <= text


def test_a_png_is_fit_for_print(tmp_path: Path, spectrogram: Explanation) -> None:
    picture = imread(figure.save(tmp_path / "figure.png", spectrogram, "spectrogram"))
    assert picture.shape[1] == pytest.approx(figure.PAGE * 600, abs=2)


@pytest.mark.parametrize("suffix", ["pdf", "svg"])
def test_the_same_figure_is_the_same_file(
    tmp_path: Path, waveform: Explanation, suffix: str
) -> None:
    one, two = (figure.save(tmp_path / f"{i}.{suffix}", waveform, "flow") for i in (1, 2))
    assert one.read_bytes() == two.read_bytes()


def test_the_flow_keeps_the_relevance_of_every_layer(waveform: Explanation) -> None:
    drawn = flow_figure(waveform.ledger, waveform.layers, waveform.clip.seconds, "")
    (image,) = drawn.axes[0].images
    names = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert names[0] == waveform.ledger.entries[0].layer
    assert names[-1] == "input"
    for name, row in zip(names, image.get_array(), strict=True):
        layer = waveform.layers[name]
        if layer.ndim > 1:
            assert row.sum() == pytest.approx(layer.sum(dtype=np.float64), rel=1e-5)


def test_bars_of_the_flow_end_at_what_arrived(waveform: Explanation) -> None:
    drawn = flow_figure(waveform.ledger, waveform.layers, waveform.clip.seconds, "")
    ends: dict[float, float] = {}
    for bar in drawn.axes[1].patches:
        row = round(bar.get_y() + bar.get_height() / 2)
        ends[row] = bar.get_x() + bar.get_width()
    arrived = [e.relevance_out[0] for e in waveform.ledger if e.rule != "pass"]
    assert list(ends.values()) == pytest.approx(arrived, rel=1e-5)


def test_a_network_of_spectrograms_has_no_waveform(
    tmp_path: Path, spectrogram: Explanation
) -> None:
    with pytest.raises(SpectrumError, match="or a waveform network"):
        figure.save(tmp_path / "figure.pdf", spectrogram, "waveform")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "kind"), [("figure.jpg", "flow"), ("figure.pdf", "cloud")])
def test_another_format_or_kind_is_one_sentence(
    tmp_path: Path, waveform: Explanation, name: str, kind: Any
) -> None:
    with pytest.raises(LrpAudioError, match=r"let its name end in|choose waveform"):
        figure.save(tmp_path / name, waveform, kind)


@pytest.mark.parametrize("kind", [None, 3, ["flow"], "Flow"])
def test_what_is_no_kind_of_figure_is_refused(waveform: Explanation, kind: Any) -> None:
    with pytest.raises(LrpAudioError, match=r"no figure .*: choose waveform, .* or flow"):
        figure.draw(waveform, kind)


@pytest.mark.parametrize("path", [None, 7, b"figure.pdf", "fig\0ure.pdf"])
def test_what_is_no_path_of_a_figure_is_refused(waveform: Explanation, path: Any) -> None:
    with pytest.raises(LrpAudioError, match="The path of a figure is"):
        figure.save(path, waveform, "flow")


@pytest.mark.parametrize("width", [0, -3.4, 0.5, 51, np.nan, np.inf, "3.4", True])
def test_what_is_no_width_is_refused(tmp_path: Path, waveform: Explanation, width: Any) -> None:
    with pytest.raises(LrpAudioError, match=r"The width is .*; expected inches from 1 to 50"):
        figure.save(tmp_path / "figure.pdf", waveform, "flow", width)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("width", [5, 5.0, np.float32(5)])
def test_a_figure_has_the_width_that_it_is_asked_for(waveform: Explanation, width: Any) -> None:
    assert figure.draw(waveform, "flow", width).get_size_inches()[0] == 5


@pytest.mark.parametrize("given", [None, "seven.wav", []])
def test_a_figure_of_no_explanation_is_refused(tmp_path: Path, given: Any) -> None:
    with pytest.raises(LrpAudioError, match="is no explanation: give one"):
        figure.save(tmp_path / "figure.pdf", given, "flow")
    assert list(tmp_path.iterdir()) == []
