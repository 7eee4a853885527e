"""Training: schedule, optimiser, augmentation, and runs that survive a kill."""

import signal
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lrp_audio import train as train_command
from lrp_audio.audio.clip import waveform_input
from lrp_audio.errors import ModelError
from lrp_audio.layers import Conv1D, Dense, Dropout, Flatten, MaxPool1D, ReLU
from lrp_audio.layers.base import Gradients
from lrp_audio.models.audionet import parameter_shapes
from lrp_audio.models.network import Network, chain
from lrp_audio.models.weights import read_description, read_weights
from lrp_audio.training.augmentation import Augmentation, place
from lrp_audio.training.loss import cross_entropy
from lrp_audio.training.optimiser import Adam
from lrp_audio.training.run import Samples, Settings, train
from lrp_audio.training.schedule import Schedule

Array = NDArray[Any]


# --- schedule -----------------------------------------------------------------------------------


def test_the_rate_rises_holds_and_falls() -> None:
    schedule = Schedule(peak=2.0, steps=100, warmup=10, fall=0.4)
    rates = [schedule.rate(step) for step in range(1, 101)]
    np.testing.assert_allclose(rates[:10], 0.2 * np.arange(1, 11))
    np.testing.assert_array_equal(rates[9:61], 2.0)
    np.testing.assert_allclose(np.diff(rates[60:]), -2.0 / 40)
    assert rates[-1] == pytest.approx(2.0 / 40)


@pytest.mark.parametrize("steps", [1, 3, 50])
@pytest.mark.parametrize("warmup", [0, 5, 200])
@pytest.mark.parametrize("fall", [0.0, 0.4, 1.0])
def test_the_rate_is_never_negative_nor_above_its_peak(
    steps: int, warmup: int, fall: float
) -> None:
    schedule = Schedule(0.5, steps, warmup, fall)
    rates = [schedule.rate(step) for step in range(1, steps + 1)]
    assert all(0 < rate <= 0.5 for rate in rates)


def test_augmentation_weakens_as_the_rate_falls() -> None:
    schedule = Schedule(peak=2.0, steps=100, warmup=10, fall=0.4)
    strengths = np.array([schedule.strength(step) for step in range(1, 101)])
    np.testing.assert_array_equal(strengths[:61], 1.0)
    np.testing.assert_allclose(strengths[60:], [schedule.rate(i) / 2 for i in range(61, 101)])


def test_runs_of_different_length_are_alike_until_the_fall_begins() -> None:
    short, long = Schedule(1.0, 100, 10, 0.4), Schedule(1.0, 200, 10, 0.4)
    assert [short.rate(i) for i in range(1, 61)] == [long.rate(i) for i in range(1, 61)]


# --- loss and optimiser -------------------------------------------------------------------------


def test_cross_entropy_is_the_mean_negative_log_probability_of_the_smoothed_label() -> None:
    logits, labels = np.array([[1.0, 2.0, 3.0], [0.0, 1000.0, 0.0]]), np.array([2, 1])
    loss, gradient = cross_entropy(logits, labels)
    shares = np.exp([1.0, 2.0, 3.0]) / np.exp([1.0, 2.0, 3.0]).sum()
    assert loss == pytest.approx(-np.log(shares[2]) / 2)
    np.testing.assert_allclose(gradient[0], (shares - [0, 0, 1]) / 2)
    np.testing.assert_allclose(gradient[1], 0, atol=1e-12)
    _, smoothed = cross_entropy(logits, labels, smoothing=0.3)
    np.testing.assert_allclose(smoothed[0], (shares - [0.1, 0.1, 0.8]) / 2)


SHAPES: dict[str, tuple[int, ...]] = {
    "wide.weight": (3, 4000),  # reads four times as many inputs as learn at the full rate
    "small.weight": (5, 2, 3),
    "small.bias": (5,),
}


def plain_adam(
    parameters: Gradients, gradients: list[Gradients], rates: list[float]
) -> tuple[Gradients, Gradients]:
    """AdamW of the literature in float64, clip 1, decay 0.1, and the average with keep 0.3."""
    p = {name: array.astype(np.float64) for name, array in parameters.items()}
    m = {name: np.zeros(array.shape) for name, array in p.items()}
    v = {name: np.zeros(array.shape) for name, array in p.items()}
    average = {name: array.copy() for name, array in p.items()}
    for t, (found, rate) in enumerate(zip(gradients, rates, strict=True), 1):
        norm = np.sqrt(sum((g.astype(np.float64) ** 2).sum() for g in found.values()))
        for name in p:
            g = found[name].astype(np.float64) * min(1.0, 1.0 / norm)
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g**2
            move = m[name] / (1 - 0.9**t) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
            decay = 0.1 * p[name] if name.endswith("weight") else 0.0
            slower = 0.25 if name == "wide.weight" else 1.0
            p[name] = p[name] - rate * slower * (move + decay)
            keep = min(0.3, t / (t + 10))
            average[name] = keep * average[name] + (1 - keep) * p[name]
    return p, average


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 3e-5)])
def test_adam_follows_the_formulas(dtype: type[np.floating], tolerance: float) -> None:
    rng = np.random.default_rng(0)
    parameters = {name: rng.standard_normal(shape).astype(dtype) for name, shape in SHAPES.items()}
    # Norms far above and far below the clip: some steps are clipped, others are not.
    scales = [10.0, 1e-4, 1.0, 1e-3, 1e-4, 5.0]
    gradients = [
        {name: (s * rng.standard_normal(shape)).astype(dtype) for name, shape in SHAPES.items()}
        for s in scales
    ]
    rates = [0.1, 0.2, 0.05, 0.1, 0.3, 0.01]
    expected, average = plain_adam(parameters, gradients, rates)
    optimiser = Adam(parameters, clip=1.0, decay=0.1, keep=0.3)
    for given, rate in zip(gradients, rates, strict=True):
        norm = optimiser.step(given, rate)
        assert norm == pytest.approx(
            np.sqrt(sum((g.astype(np.float64) ** 2).sum() for g in given.values())), rel=1e-5
        )
    for name in SHAPES:
        np.testing.assert_allclose(parameters[name], expected[name], rtol=0, atol=tolerance)
        np.testing.assert_allclose(optimiser.average[name], average[name], rtol=0, atol=tolerance)


def test_a_gradient_of_zero_moves_nothing_but_the_decay() -> None:
    parameters = {"fc.weight": np.ones((2, 2)), "fc.bias": np.ones(2)}
    optimiser = Adam(parameters, clip=1.0, decay=0.1, keep=0.9)
    assert optimiser.step({name: np.zeros_like(p) for name, p in parameters.items()}, 0.5) == 0
    np.testing.assert_allclose(parameters["fc.weight"], 0.95)
    np.testing.assert_array_equal(parameters["fc.bias"], 1.0)


# --- augmentation -------------------------------------------------------------------------------


def tone(length: int, frequency: float = 440.0) -> Array:
    return 3000 * np.sin(2 * np.pi * frequency * np.arange(length) / 8000)


PLAIN = Augmentation(stretch=1e-9, noisy=0.0, gain=(1.0, 1.0))
"""Next to nothing is changed: single ranges are opened from here."""


def test_a_seed_fixes_what_is_heard() -> None:
    augment = Augmentation()
    first, again, other = (
        augment(tone(4000), 8000, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("length", [1, 2, 50, 4000, 8000, 20_000])
def test_whatever_the_recording_the_input_has_its_length_and_is_finite(length: int) -> None:
    samples = tone(length) + 1
    for seed in range(20):
        found = Augmentation()(samples, 8000, np.random.default_rng(seed))
        assert found.shape == (8000,)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()


def test_without_strength_a_recording_is_only_placed_and_normalised() -> None:
    samples = tone(8001)  # the last one falls away
    for seed in range(20):
        found = Augmentation()(samples, 8000, np.random.default_rng(seed), strength=0.0)
        np.testing.assert_array_equal(found, waveform_input(samples[:-1]).astype(np.float32))


def test_half_the_strength_is_half_the_range() -> None:
    lengths = []
    for seed in range(200):
        augment = replace(PLAIN, stretch=0.25)
        found = augment(tone(3000), 8000, np.random.default_rng(seed), strength=0.5)
        heard = np.flatnonzero(found)
        lengths.append(heard[-1] - heard[0] + 1)
    assert 3000 / 1.125 - 3 < min(lengths) < 3000 / 1.1
    assert 3000 / 0.9 < max(lengths) < 3000 / 0.875 + 3


def test_silence_stays_silence() -> None:
    found = Augmentation()(np.zeros(4000), 8000, np.random.default_rng(0))
    np.testing.assert_array_equal(found, 0)


def test_resampling_changes_duration_and_pitch_by_up_to_a_quarter() -> None:
    lengths, pitches = [], []
    for seed in range(300):
        found = replace(PLAIN, stretch=0.25)(tone(3000), 8000, np.random.default_rng(seed))
        heard = np.flatnonzero(found)
        lengths.append(heard[-1] - heard[0] + 1)
        pitches.append(np.abs(np.fft.rfft(found)).argmax())
    assert min(lengths) > 3000 / 1.25 - 3
    assert max(lengths) < 3000 / 0.75 + 3
    assert min(lengths) < 3000 / 1.2
    assert max(lengths) > 3000 / 0.8
    np.testing.assert_allclose(np.array(pitches) * lengths, 440 * 3000, rtol=0.02)


def test_noise_comes_at_the_drawn_distance_below_the_signal() -> None:
    samples, ratios = tone(8000), []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        found = replace(PLAIN, noisy=1.0, snr=(10.0, 40.0))(samples, 8000, rng).astype(np.float64)
        # A cut of one sample at the end is all that the resampling does.
        clean = PLAIN(samples, 8000, np.random.default_rng(seed)).astype(np.float64)
        clean *= (found @ clean) / (clean @ clean)
        ratios.append(10 * np.log10((clean**2).mean() / ((found - clean) ** 2).mean()))
    assert min(ratios) > 9.5
    assert max(ratios) < 40.5
    assert min(ratios) < 13
    assert max(ratios) > 37


def test_a_share_of_the_clips_is_noisy_and_the_rest_are_not() -> None:
    noisy = sum(
        np.count_nonzero(
            replace(PLAIN, noisy=0.4)(tone(2000) + 1, 8000, np.random.default_rng(seed)) == 0
        )
        < 5000
        for seed in range(300)
    )
    assert 90 <= noisy <= 150


def test_the_gain_acts_after_the_normalisation_and_stays_in_its_range() -> None:
    peak = np.abs(waveform_input(tone(8000))).max()
    gains = [
        np.abs(replace(PLAIN, gain=(0.7, 1.4))(tone(8000), 8000, np.random.default_rng(s))).max()
        / peak
        for s in range(200)
    ]
    assert 0.69 < min(gains) < 0.75
    assert 1.3 < max(gains) < 1.42
    assert 0.45 < np.mean(np.array(gains) < 1) < 0.6  # log-uniform: as often fainter as louder


def test_a_short_clip_falls_on_every_offset_and_a_long_one_on_every_window() -> None:
    rng = np.random.default_rng(0)
    starts = {int(np.flatnonzero(place(np.ones(3), 8, rng))[0]) for _ in range(300)}
    assert starts == set(range(6))
    windows = {tuple(place(np.arange(5), 3, rng)) for _ in range(300)}
    assert windows == {(0, 1, 2), (1, 2, 3), (2, 3, 4)}
    np.testing.assert_array_equal(place(np.arange(3), 3, rng), [0, 1, 2])


# --- runs ---------------------------------------------------------------------------------------

SETTINGS = Settings(epochs=3, batch=4, warmup=2, seed=3)


def build(parameters: Gradients) -> Network:
    return Network(
        chain(
            [
                ("conv", Conv1D(parameters["conv.weight"], parameters["conv.bias"], pad=(1,))),
                ("relu", ReLU()),
                ("pool", MaxPool1D((16,))),
                ("flatten", Flatten()),
                ("drop", Dropout(0.5)),
                ("fc", Dense(parameters["fc.weight"], parameters["fc.bias"])),
            ]
        ),
        (1, 800),
    )


def start() -> Gradients:
    rng = np.random.default_rng(0)
    shapes = {"conv.weight": (4, 1, 3), "conv.bias": (4,), "fc.weight": (2, 200), "fc.bias": (2,)}
    return {n: 0.3 * rng.standard_normal(s).astype(np.float32) for n, s in shapes.items()}


def tones() -> Samples:
    rng = np.random.default_rng(1)
    labels = np.arange(18) % 2
    pitches = np.where(labels == 0, 300, 1500)
    return Samples([tone(rng.integers(300, 900), f) for f in pitches], labels)


def run(checkpoint: Path, settings: Settings = SETTINGS) -> Gradients:
    return train(build, start(), tones(), settings, checkpoint, lambda parameters: "")


def test_training_learns_and_says_how_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = tones()
    settings = Settings(epochs=40, batch=6, rate=0.01, warmup=5, keep=0.9, seed=0)
    found = train(build, start(), samples, settings, tmp_path / "c", lambda p: f"{len(p)} arrays")
    inputs = np.stack([waveform_input(np.resize(s, 800)) for s in samples.signals])
    logits = build(found).forward(inputs[:, None].astype(np.float32))
    assert (logits.argmax(axis=1) == samples.labels).mean() > 0.9
    shown = capsys.readouterr()
    assert shown.out.count("4 arrays") == 40
    assert "120/120" in shown.err


_KILLED = """\
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import test_training as t
from lrp_audio.training import run
run._SECONDS_BETWEEN_CHECKPOINTS = 0.0
ends = []
def evaluate(parameters):
    ends.append(1)
    if len(ends) == 2:  # in the tenth of 15 steps, with nine in the checkpoint
        os.kill(os.getpid(), signal.SIGKILL)
    return ""
run.train(t.build, t.start(), t.tones(), t.SETTINGS, Path(sys.argv[2]), evaluate)
"""


def test_a_killed_run_goes_on_to_the_weights_of_one_that_was_not(tmp_path: Path) -> None:
    checkpoint = tmp_path / "killed.checkpoint"
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(Path(__file__).parent), str(checkpoint)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with np.load(checkpoint) as archive:
        assert b'"step": 9' in archive["settings"].tobytes()
    uninterrupted = run(tmp_path / "whole.checkpoint")
    resumed = run(checkpoint)
    for name, array in uninterrupted.items():
        np.testing.assert_array_equal(resumed[name], array, err_msg=name)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "killed.checkpoint",
        "whole.checkpoint",
    ]


def test_a_finished_run_is_not_trained_further(tmp_path: Path) -> None:
    first = run(tmp_path / "c")
    again = run(tmp_path / "c")
    for name, array in first.items():
        np.testing.assert_array_equal(again[name], array)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "c", replace(SETTINGS, epochs=1))
    with pytest.raises(ModelError, match=r"other settings \(batch, seed\); give the same"):
        run(tmp_path / "c", replace(SETTINGS, batch=3, seed=4))


def test_a_run_can_be_made_longer_at_its_checkpoint(tmp_path: Path) -> None:
    run(tmp_path / "c", replace(SETTINGS, epochs=1, fall=0.0))
    longer = run(tmp_path / "c", replace(SETTINGS, epochs=2, fall=0.0))
    whole = run(tmp_path / "d", replace(SETTINGS, epochs=2, fall=0.0))
    for name, array in whole.items():
        np.testing.assert_array_equal(longer[name], array)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c"
    run(path, replace(SETTINGS, epochs=1))
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 0xFF
    for damaged in (b"", content[:1000], content[:-10], bytes(flipped), b"not a checkpoint" * 9):
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match=r"cannot be read .*; delete it to start afresh"):
            run(path)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c"
    run(path, replace(SETTINGS, epochs=1))
    for change in ("shape", "name"):
        with np.load(path) as archive:
            arrays = dict(archive)
        array = arrays.pop("first/fc.weight")
        other = {"first/fc.weight": array[:1]} if change == "shape" else {"first/fc": array}
        with (tmp_path / change).open("wb") as file:
            np.savez(file, **(arrays | other))
        with pytest.raises(ModelError, match="belongs to another network"):
            run(tmp_path / change)


# --- the command --------------------------------------------------------------------------------


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "lrp_audio.train", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert "Traceback" not in done.stderr
    return done


def test_the_command_trains_audionet_on_a_folder_and_writes_its_weights(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out" / "tiny.npz"
    data.mkdir()
    for digit in (0, 1):
        for index in (0, 5, 6):
            with wave.open(str(data / f"{digit}_ann_{index}.wav"), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
                file.writeframes(tone(4000, 300 + 900 * digit).astype("<i2").tobytes())
    done = command("--data", data, "--out", out, "--epochs", "1", "--batch", "4")
    assert done.returncode == 0, done.stderr
    assert "4 recordings to train on, 2 to test on" in done.stdout
    assert f"wrote {out}: accuracy on the test recordings" in done.stdout
    assert sorted(path.name for path in out.parent.iterdir()) == ["tiny.npz", "tiny.npz.checkpoint"]
    assert out.stat().st_size < 8e6
    assert read_description(out).classes[7] == "seven"
    read_weights(out, parameter_shapes(10), np.float32)


def test_the_command_refuses_data_without_recordings_in_one_sentence(tmp_path: Path) -> None:
    done = command("--data", tmp_path, "--out", tmp_path / "a.npz")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "holds no recordings" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--batch", "0"), "--epochs and --batch must be at least 1"),
        (("--seed", "-1"), "--seed at least 0"),
        (("--rate", "nan"), "--rate must lie between 0 and 1"),
        (("--fall", "2"), "--fall from 0 to 1"),
        (("--out", "a.txt"), "--out must end in .npz"),
    ],
)
def test_an_option_out_of_range_is_one_sentence(
    option: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        train_command.main(["--data", "missing", "--out", "a.npz", *option])
    assert said in capsys.readouterr().err


def test_weights_that_cannot_be_written_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full_disk(options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(train_command, "_train", full_disk)
    assert train_command.main(["--data", "x", "--out", "a.npz"]) == 2
    assert capsys.readouterr().err == (
        "error: a.npz cannot be written (No space left on device): free it, then give the same "
        "command again to go on from the checkpoint.\n"
    )
