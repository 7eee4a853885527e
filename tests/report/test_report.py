"""Pictures, tables and the files of an explanation."""

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from lrp_audio.audio.audible import in_time, speaking, weighted
from lrp_audio.audio.clip import Clip
from lrp_audio.audio.domain import Frequency, Time
from lrp_audio.drawing.style import save_figure
from lrp_audio.drawing.waveform import waveform_figure
from lrp_audio.errors import LrpAudioError, ShapeError
from lrp_audio.explain.text import classes_table, ledger_table
from lrp_audio.explanation import Explanation
from lrp_audio.fronts import WAVEFORM
from lrp_audio.outputs import Output
from lrp_audio.rules.ledger import Entry, Ledger

FILES = ["audible.wav", "heatmap.png", "relevance.npz", "summary.json"]


def entry(layer: str, out: float, bias: float = 0.25, residual: float = 0.0) -> Entry:
    figures = (out, out - bias - residual, bias, 0.0, 0.0)
    return Entry(layer, "epsilon", *(np.array([figure]) for figure in figures))


def explanation(relevance: np.ndarray | None = None, name: str = "seven.wav") -> Explanation:
    random = np.random.default_rng(0)
    samples = 1000 * random.standard_normal(8000)
    if relevance is None:
        relevance = random.standard_normal(8000).astype(np.float32)
    return Explanation(
        model="audionet-digit",
        rules="epsilon-plus",
        front=WAVEFORM,
        clip=Clip(samples, 8000, name),
        input=(samples / 1600).astype(np.float32),
        output=Output(("zero", "one", "two")),
        logits=np.array([1.0, 3.0, 2.0], np.float32),
        target=2,
        domain=Time(8000),
        relevance=relevance,
        layers={
            "dense": random.standard_normal(3),
            "conv": random.standard_normal((4, 8000)),
            "input": np.resize(relevance, (1, 8000)),
        },
        ledger=Ledger((entry("dense", 2.0), entry("conv", 1.75, residual=1e-7))),
        seconds=0.125,
    )


# --- heatmap ---------------------------------------------------------------------------------


def draw(folder: Path, relevance: np.ndarray, signal: np.ndarray | None = None) -> np.ndarray:
    """Draw a heatmap and return its pixels without the colour bar: (height, width, rgb)."""
    from matplotlib.image import imread

    signal = np.sin(np.arange(len(relevance)) / 5) if signal is None else signal
    save_figure(waveform_figure(signal, relevance, 8000, "title"), folder / "a.png")
    picture = np.asarray(imread(folder / "a.png"))[..., :3]
    return picture[:, : int(0.85 * picture.shape[1])]


def redness(pixels: np.ndarray) -> float:
    return float((pixels[..., 0] - pixels[..., 2]).sum())


def test_the_heatmap_is_red_where_relevance_is_positive_and_blue_where_negative(
    tmp_path: Path,
) -> None:
    pixels = draw(tmp_path, np.repeat([1.0, -1.0], 4000))
    middle = int(0.52 * pixels.shape[1])
    assert redness(pixels[:, :middle]) > 10_000
    assert redness(pixels[:, middle:]) < -10_000


def test_opposite_relevance_is_drawn_equally_dark(tmp_path: Path) -> None:
    upper = slice(60, 560)
    positive, negative = (
        float((1 - draw(tmp_path, sign * np.ones(8000))[upper]).sum()) for sign in (1.0, -1.0)
    )
    assert positive == pytest.approx(negative, rel=0.1)


def test_a_single_spike_does_not_wash_out_the_rest(tmp_path: Path) -> None:
    even = np.ones(8000)
    spiky = even.copy()
    spiky[4000] = 1e4
    upper = slice(0, 500)  # the bars below rightly shrink beside the spike
    assert redness(draw(tmp_path, spiky)[upper]) > 0.9 * redness(draw(tmp_path, even)[upper])


def test_no_relevance_is_drawn_grey(tmp_path: Path) -> None:
    pixels = draw(tmp_path, np.zeros(8000))
    assert np.ptp(pixels, axis=-1).max() < 0.02
    assert pixels.min() < 0.8


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e200])
def test_extreme_magnitudes_are_drawn_without_a_warning(
    tmp_path: Path, scale: float, recwarn: pytest.WarningsRecorder
) -> None:
    draw(tmp_path, scale * np.ones(800), scale * np.ones(800))
    assert not recwarn.list


@pytest.mark.parametrize("length", [1, 2, 39, 40, 41])
def test_very_short_signals_are_drawn(tmp_path: Path, length: int) -> None:
    assert draw(tmp_path, np.ones(length)).shape[0] == 825


@pytest.mark.parametrize(
    "title", ["$^{$", "x" * 300, "line\nbreak", "\u4e03.wav", os.fsdecode(b"\xff.wav")]
)
def test_any_file_name_can_be_a_title(
    tmp_path: Path, title: str, recwarn: pytest.WarningsRecorder
) -> None:
    save_figure(waveform_figure(np.ones(80), np.ones(80), 8000, title), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert not recwarn.list


def test_relevance_of_another_shape_is_not_drawn(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match=r"\(80,\) and \(1, 80\)"):
        save_figure(
            waveform_figure(np.ones(80), np.ones((1, 80)), 8000, "title"), tmp_path / "a.png"
        )
    assert not list(tmp_path.iterdir())


def test_heatmaps_can_be_drawn_in_threads_without_pyplot(tmp_path: Path) -> None:
    def work(index: int) -> None:
        save_figure(
            waveform_figure(np.ones(800), np.ones(800), 8000, "title"), tmp_path / f"{index}.png"
        )

    threads = [threading.Thread(target=work, args=(index,)) for index in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1
    assert len(list(tmp_path.iterdir())) == 3
    assert "matplotlib.pyplot" not in sys.modules


# --- tables ----------------------------------------------------------------------------------


def test_the_ledger_table_has_a_line_a_layer_with_aligned_columns() -> None:
    ledger = Ledger((entry("fc", 12.0), entry("convolution1", -3e-7)))
    *lines, note = ledger_table(ledger).splitlines()
    assert lines[0].split() == list(entry("fc", 1.0).sample(0))
    assert lines[1].split() == ["fc", "epsilon", "12.0000", "11.7500", "0.2500", "0", "0", "0"]
    assert lines[2].split()[:3] == ["convolution1", "epsilon", "-3.00e-07"]
    assert len({len(line) for line in lines}) == 1
    assert note.startswith("bias, stabiliser, dropped: what a rule absorbs by design")


def test_the_ledger_table_shows_the_sample_it_is_asked_for() -> None:
    two = np.array([1.0, 2.0])
    ledger = Ledger((Entry("fc", "pass", two, two, 0 * two, 0 * two, 0 * two),))
    assert "2.0000" in ledger_table(ledger, sample=1)
    assert "1.0000" not in ledger_table(ledger, sample=1)


def test_the_class_table_keeps_the_order_and_shows_logit_and_probability() -> None:
    lines = classes_table([("seven", 4.0, 0.75), ("nine", -1.5, 0.25)]).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["seven", "4.000", "75.0%"],
        ["nine", "-1.500", "25.0%"],
    ]


# --- explanation -----------------------------------------------------------------------------


def test_probabilities_are_the_softmax_even_of_huge_logits() -> None:
    given = explanation()
    powers = np.exp([1.0, 3.0, 2.0])
    np.testing.assert_allclose(given.probabilities, powers / powers.sum())
    given.logits[:] = [0.0, 1e30, -1e30]
    np.testing.assert_array_equal(given.probabilities, [0, 1, 0])


def test_top_ranks_classes_by_logit() -> None:
    given = explanation()
    assert [name for name, _, _ in given.top(2)] == ["one", "two"]
    assert given.predicted == 1


def test_the_summary_has_exactly_the_documented_keys() -> None:
    summary = explanation().summary()
    assert list(summary) == [
        "clip",
        "model",
        "rules",
        "domain",
        "target",
        "predicted",
        "classes",
        "logits",
        "probabilities",
        "relevance_sum",
        "seconds",
        "ledger",
    ]
    assert summary["target"] == "two"
    assert summary["predicted"] == {
        "class": "one",
        "logit": 3.0,
        "probability": pytest.approx(0.66524, abs=1e-5),
        "sure": None,
    }


def test_save_writes_the_four_files_and_what_they_say_agrees(tmp_path: Path) -> None:
    given = explanation()
    folder = given.save(tmp_path / "deep" / "seven", layers=True)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    told = json.loads((folder / "summary.json").read_text())
    contents = {name: (folder / name).read_bytes() for name in FILES if name != "summary.json"}
    assert told.pop("files") == {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }
    assert len(told.pop("sha256")) == 64
    assert told == given.summary()

    with np.load(folder / "relevance.npz", allow_pickle=False) as arrays:
        layers = {"layer_dense", "layer_conv", "layer_input"}
        assert set(arrays) == {"relevance", "input", "rate", "times", *layers}
        np.testing.assert_array_equal(arrays["relevance"], given.relevance)
        np.testing.assert_array_equal(arrays["input"], given.input)
        np.testing.assert_array_equal(arrays["layer_dense"], given.layers["dense"])
        assert arrays["rate"] == 8000

    sound, rate = soundfile.read(folder / "audible.wav")
    weighted = np.maximum(given.relevance, 0) * given.clip.samples
    assert rate == 8000
    assert soundfile.info(folder / "audible.wav").subtype == "PCM_16"
    np.testing.assert_allclose(sound, 0.99 * weighted / np.abs(weighted).max(), atol=1e-4)


def test_save_writes_the_sound_that_it_is_asked_for(tmp_path: Path) -> None:
    given = explanation()
    given.save(tmp_path, sound="masked", sign="against")
    sound, _ = soundfile.read(tmp_path / "audible.wav")
    np.testing.assert_allclose(sound, given.sound("masked", "against"), atol=1e-4)
    assert not np.allclose(sound, given.sound(), atol=1e-2)


def test_of_a_result_the_summary_arrives_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = explanation()
    given.save(tmp_path)
    moved = []

    def killed_at_the_last(source: Path, to: Path) -> None:
        assert not (tmp_path / "summary.json").exists()
        moved.append(to.name)
        if to.name == "summary.json":
            raise KeyboardInterrupt
        Path(source).rename(to)

    monkeypatch.setattr(os, "replace", killed_at_the_last)
    with pytest.raises(KeyboardInterrupt):
        given.save(tmp_path)
    assert sorted(moved) == FILES


def test_save_replaces_its_own_files_and_leaves_others_alone(tmp_path: Path) -> None:
    explanation().save(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    before = (tmp_path / "relevance.npz").read_bytes()
    explanation(np.ones(8000)).save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES, "notes.txt"])
    assert (tmp_path / "relevance.npz").read_bytes() != before


def test_a_save_that_fails_leaves_the_earlier_result_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    explanation().save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full_disk(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lrp_audio.explanation.write_npz", full_disk)
    with pytest.raises(LrpAudioError, match="No space left on device"):
        explanation(np.ones(8000)).save(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def a_file(path: Path) -> Path:
    path.write_text("in the way")
    return path


@pytest.mark.parametrize(
    "place",
    [a_file, lambda path: a_file(path) / "below", lambda path: path / ("x" * 300)],
    ids=["a file", "below a file", "a name too long"],
)
def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    folder = place(tmp_path / "out")
    with pytest.raises(LrpAudioError, match="cannot be written to") as caught:
        explanation().save(folder)
    assert str(folder) in str(caught.value)


def test_relevance_that_is_not_finite_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(LrpAudioError, match="not finite"):
        explanation(np.full(8000, np.inf)).save(tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("what", "broken"),
    [
        ("logits", {"logits": np.array([1.0, np.nan, 2.0], np.float32)}),
        ("ledger", {"ledger": Ledger((entry("dense", np.inf),))}),
    ],
)
def test_figures_that_json_cannot_hold_are_one_sentence(
    tmp_path: Path, what: str, broken: dict[str, Any]
) -> None:
    given = replace(explanation(), **broken)
    with pytest.raises(LrpAudioError, match=f"The {what} of seven.wav .* not finite"):
        given.summary()
    with pytest.raises(LrpAudioError, match=f"The {what} of seven.wav .* not finite"):
        given.save(tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --- sound -----------------------------------------------------------------------------------


def test_the_sound_is_that_of_the_relevance_for_or_against() -> None:
    given = explanation()
    expected = weighted(in_time(speaking(given.relevance), given.clip.samples))
    np.testing.assert_allclose(given.sound(), expected, atol=1e-6)
    np.testing.assert_array_equal(
        given.sound(sign="against"), explanation(-given.relevance).sound(sign="for")
    )


def test_masked_sound_of_even_relevance_is_the_clip() -> None:
    given = explanation(np.ones(8000))
    np.testing.assert_allclose(given.sound("masked"), given.clip.samples / 32768, atol=1e-6)


def test_the_sound_has_the_rate_of_the_recording() -> None:
    given = explanation()
    given = replace(given, clip=replace(given.clip, source_rate=16000))
    assert given.sound().shape == (16000,)


def test_relevance_of_one_frequency_sounds_as_that_frequency() -> None:
    relevance = np.zeros(4001)
    relevance[440] = 2.0
    spectrum = np.abs(np.fft.rfft(replace(explanation(relevance), domain=Frequency(8000)).sound()))
    assert spectrum.argmax() == 440
    assert np.delete(spectrum, 440).max() < 1e-3 * spectrum[440]


@pytest.mark.parametrize("chosen", [{"sound": "loud"}, {"sign": "beside"}])
def test_an_unknown_sound_or_sign_is_one_sentence(chosen: dict[str, Any]) -> None:
    with pytest.raises(LrpAudioError, match=f"{next(iter(chosen.values()))!r}.*choose"):
        explanation().sound(**chosen)
