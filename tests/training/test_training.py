"""Training: schedule, optimiser, runs that survive a kill, and the command."""

import json
import os
import signal
import subprocess
import sys
import wave
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import lrp_audio
from lrp_audio import train as train_command
from lrp_audio.data.tasks import TASKS
from lrp_audio.errors import LrpAudioError, ModelError
from lrp_audio.fronts import SPECTROGRAM, WAVEFORM
from lrp_audio.layers import Conv1D, Conv2D, Dense, Dropout, Flatten, MaxPool1D, ReLU
from lrp_audio.layers.convolution import Convolution
from lrp_audio.models.architecture import for_raw_input
from lrp_audio.models.audionet import parameter_shapes
from lrp_audio.models.network import Network, chain
from lrp_audio.models.weights import read_description, read_weights
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.recipes import Settings
from lrp_audio.recipes.augmentation import Augmentation
from lrp_audio.training import from_recordings
from lrp_audio.training.loss import cross_entropy
from lrp_audio.training.optimiser import Adam
from lrp_audio.training.run import TrainingSet, train
from lrp_audio.training.schedule import RateSchedule
from lrp_audio.types import Array, Parameters


def tone(length: int, frequency: float = 440.0) -> Array:
    return 3000 * np.sin(2 * np.pi * frequency * np.arange(length) / 8000)


# --- schedule -----------------------------------------------------------------------------------


def test_the_rate_rises_holds_and_falls() -> None:
    schedule = RateSchedule(peak=2.0, steps=100, warmup=10, cooldown=0.4)
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
    schedule = RateSchedule(0.5, steps, warmup, fall)
    rates = [schedule.rate(step) for step in range(1, steps + 1)]
    assert all(0 < rate <= 0.5 for rate in rates)


def test_augmentation_weakens_as_the_rate_falls() -> None:
    schedule = RateSchedule(peak=2.0, steps=100, warmup=10, cooldown=0.4)
    strengths = np.array([schedule.strength(step) for step in range(1, 101)])
    np.testing.assert_array_equal(strengths[:61], 1.0)
    np.testing.assert_allclose(strengths[60:], [schedule.rate(i) / 2 for i in range(61, 101)])


def test_runs_of_different_length_are_alike_until_the_fall_begins() -> None:
    short, long = RateSchedule(1.0, 100, 10, 0.4), RateSchedule(1.0, 200, 10, 0.4)
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
    parameters: Parameters, gradients: list[Parameters], rates: list[float]
) -> tuple[Parameters, Parameters]:
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
    optimiser = Adam(parameters, clip=1.0, decay=0.1, ema_decay=0.3)
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
    optimiser = Adam(parameters, clip=1.0, decay=0.1, ema_decay=0.9)
    assert optimiser.step({name: np.zeros_like(p) for name, p in parameters.items()}, 0.5) == 0
    np.testing.assert_allclose(parameters["fc.weight"], 0.95)
    np.testing.assert_array_equal(parameters["fc.bias"], 1.0)


# --- standardised inputs ------------------------------------------------------------------------


def spectral(parameters: Parameters, stride: int) -> Network:
    layers = [
        ("conv1", Conv2D(parameters["conv1.weight"], parameters["conv1.bias"], (stride, stride))),
        ("relu", ReLU()),
        ("flatten", Flatten()),
        ("fc", Dense(parameters["fc.weight"], parameters["fc.bias"])),
    ]
    return Network(chain(layers), (1, 23, 23))


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (11, 4)])  # 11 and 4 are AlexNet's
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5), (np.float16, 0.05)]
)
def test_parameters_for_raw_input_are_the_same_function(
    kernel: int, stride: int, dtype: type[np.floating], tolerance: float
) -> None:
    rng = np.random.default_rng(0)
    side = (23 - kernel) // stride + 1
    shapes = {
        "conv1.weight": (5, 1, kernel, kernel),
        "conv1.bias": (5,),
        "fc.weight": (2, 5 * side**2),
        "fc.bias": (2,),
    }
    parameters = {n: rng.standard_normal(shape).astype(dtype) for n, shape in shapes.items()}
    raw = for_raw_input(parameters, centre=-60.0, spread=20.0)
    assert {array.dtype for array in raw.values()} == {np.dtype(dtype)}
    x = rng.uniform(-100, 20, (4, 1, 23, 23))
    found, expected = (
        spectral({n: p.astype(np.float64) for n, p in given.items()}, stride).forward(inputs)
        for given, inputs in ((raw, x), (parameters, (x + 60) / 20))
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def test_a_front_end_with_a_centre_meets_a_first_layer_without_padding() -> None:
    for name, architecture in ARCHITECTURES.items():
        network = architecture.build(architecture.initial(2, np.random.default_rng(0)))
        first = next(node.layer for node in network.nodes if node.layer.parameters())
        padded = isinstance(first, Convolution) and first.window.pads(network.input_shape[1:])
        assert architecture.front.centre == 0 or not padded, name


# --- which recordings a step learns from --------------------------------------------------------


def test_without_chances_every_recording_is_drawn_once_an_epoch() -> None:
    samples, settings = tones(), replace(SETTINGS, batch=4)
    steps = [samples.batch(settings, step) for step in range(10)]  # two epochs of 18 recordings
    for epoch in (steps[:5], steps[5:]):
        assert sorted(np.concatenate(epoch)) == list(range(18))
        assert max(map(len, epoch)) <= 4
    assert not np.array_equal(np.concatenate(steps[:5]), np.concatenate(steps[5:]))


def test_with_chances_recordings_are_drawn_in_their_proportions() -> None:
    chances = np.array([0.5, 0.3, 0.2, 0.0])
    samples = TrainingSet([tone(10)] * 4, np.arange(4), chances)
    settings = Settings(batch=50, seed=1)
    drawn = [samples.batch(settings, step) for step in range(200)]
    assert {len(batch) for batch in drawn} == {50}
    shares = np.bincount(np.concatenate(drawn), minlength=4) / 10_000
    np.testing.assert_allclose(shares, chances, atol=0.02)
    assert shares[3] == 0
    np.testing.assert_array_equal(samples.batch(settings, 7), drawn[7])
    assert not np.array_equal(drawn[7], drawn[8])
    assert not np.array_equal(samples.batch(replace(settings, seed=2), 7), drawn[7])


# --- runs ---------------------------------------------------------------------------------------

SETTINGS = Settings(epochs=3, batch=4, warmup=2, seed=3)


def build(parameters: Parameters) -> Network:
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


def start() -> Parameters:
    rng = np.random.default_rng(0)
    shapes = {"conv.weight": (4, 1, 3), "conv.bias": (4,), "fc.weight": (2, 200), "fc.bias": (2,)}
    return {n: 0.3 * rng.standard_normal(s).astype(np.float32) for n, s in shapes.items()}


def tones(chances: Array | None = None) -> TrainingSet:
    rng = np.random.default_rng(1)
    labels = np.arange(18) % 2
    pitches = np.where(labels == 0, 300, 1500)
    return TrainingSet([tone(rng.integers(300, 900), f) for f in pitches], labels, chances)


def prepare(samples: Array, rng: np.random.Generator, strength: float) -> Array:
    placed, gain = Augmentation()(samples, 800, rng, strength)
    return np.asarray(gain * WAVEFORM.transform(placed)[None], np.float32)


def run(
    checkpoint: Path, settings: Settings = SETTINGS, chances: Array | None = None
) -> Parameters:
    return train(build, start(), tones(chances), prepare, settings, checkpoint, lambda _: "")


def test_training_learns_and_says_how_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = tones()
    settings = Settings(epochs=40, batch=6, rate=0.01, warmup=5, ema_decay=0.9, seed=0)
    checkpoint = tmp_path / "c"
    found = train(
        build, start(), samples, prepare, settings, checkpoint, lambda p: f"{len(p)} arrays"
    )
    inputs = np.stack([WAVEFORM.transform(np.resize(s, 800)) for s in samples.signals])
    logits = build(found).forward(inputs[:, None].astype(np.float32))
    assert (logits.argmax(axis=1) == samples.labels).mean() > 0.9
    shown = capsys.readouterr()
    assert shown.out.count("4 arrays") == 40
    assert "120/120" in shown.err


def test_recordings_are_prepared_at_the_strength_of_their_step(tmp_path: Path) -> None:
    strengths = []

    def noted(samples: Array, rng: np.random.Generator, strength: float) -> Array:
        strengths.append(strength)
        return prepare(samples, rng, strength)

    settings = replace(SETTINGS, epochs=2, batch=9, cooldown=0.5)  # 4 steps, 9 recordings each
    train(build, start(), tones(), noted, settings, tmp_path / "c", lambda _: "")
    assert strengths == [1.0] * 27 + [0.5] * 9


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
run.train(t.build, t.start(), t.tones(), t.prepare, t.SETTINGS, Path(sys.argv[2]), evaluate)
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


def test_settings_with_names_of_any_length_are_quoted_in_part(tmp_path: Path) -> None:
    run(tmp_path / "c", replace(SETTINGS, epochs=1))
    with np.load(tmp_path / "c") as archive:
        arrays = dict(archive)
    settings = json.loads(arrays["settings"].tobytes()) | {"z" * 50_000: 1, "y" * 3_000: 2}
    arrays["settings"] = np.frombuffer(json.dumps(settings).encode(), np.uint8)
    with (tmp_path / "c").open("wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(ModelError, match=r"other settings \(yyy") as caught:
        run(tmp_path / "c", replace(SETTINGS, epochs=1))
    assert len(str(caught.value).replace(str(tmp_path), "")) < 600


OTHER_DATA: dict[str, Callable[[TrainingSet], TrainingSet]] = {
    "a sample": lambda of: replace(of, signals=[*of.signals[:-1], of.signals[-1] + 1]),
    "a label": lambda of: replace(of, labels=of.labels[::-1].copy()),
    "the order": lambda of: replace(of, signals=of.signals[::-1]),
    "the weights": lambda of: replace(of, sampling_weights=np.full(18, 1 / 18)),
}


@pytest.mark.parametrize("change", OTHER_DATA)
def test_a_checkpoint_of_other_recordings_is_refused(change: str, tmp_path: Path) -> None:
    def run_on(data: TrainingSet) -> None:
        settings = replace(SETTINGS, epochs=1)
        train(build, start(), data, prepare, settings, tmp_path / "c", lambda _: "")

    run_on(tones())
    run_on(tones())
    with pytest.raises(ModelError, match=r"other settings \(recordings\); give the same"):
        run_on(OTHER_DATA[change](tones()))


@pytest.mark.parametrize("chances", [None, np.arange(18) / 153])
def test_a_run_can_be_made_longer_at_its_checkpoint(chances: Array | None, tmp_path: Path) -> None:
    run(tmp_path / "c", replace(SETTINGS, epochs=1, cooldown=0.0), chances)
    longer = run(tmp_path / "c", replace(SETTINGS, epochs=2, cooldown=0.0), chances)
    whole = run(tmp_path / "d", replace(SETTINGS, epochs=2, cooldown=0.0), chances)
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


def test_a_checkpoint_that_is_no_plain_file_of_plain_numbers_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    np.savez(tmp_path / "objects.npz", settings=np.array([{}], object))
    for path, said in ((tmp_path / "pipe", "regular file"), (tmp_path / "objects.npz", "object")):
        with pytest.raises(ModelError, match=said) as caught:
            run(path)
        assert "allow_pickle" not in str(caught.value)


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


def record(path: Path, samples: Array) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(samples.astype("<i2").tobytes())


def corpus(folder: Path, pitches: dict[str, float], indices: Sequence[int]) -> Path:
    """Recordings of the digit 0 at a speaker's pitch, and of the digit 1 at three times that."""
    folder.mkdir()
    for speaker, pitch in pitches.items():
        for digit, index in product((0, 1), indices):
            name = f"{digit}_{speaker}_{index}.wav"
            record(folder / name, tone(4000, pitch * (1 + 2 * digit)))
    return folder


def test_the_command_trains_audionet_on_a_folder_and_writes_its_weights(tmp_path: Path) -> None:
    data, out = corpus(tmp_path / "data", {"ann": 400}, (0, 5, 6)), tmp_path / "out" / "tiny.npz"
    done = command("--data", data, "--out", out, "--epochs", "1", "--batch", "4")
    assert done.returncode == 0, done.stderr
    assert "4 recordings to train on, 2 to test on" in done.stdout
    assert f"wrote {out}: accuracy on 2 test recordings" in done.stdout
    assert sorted(path.name for path in out.parent.iterdir()) == ["tiny.npz", "tiny.npz.checkpoint"]
    (out.parent / "tiny.npz.checkpoint").unlink()
    assert out.stat().st_size < 8e6
    assert read_description(out).classes[7] == "seven"
    read_weights(out, parameter_shapes(10), np.float32)


VOICES = {"espeakEnusF1": 220, "espeakEnusF2": 230, "espeakEnusM1": 110, "espeakEnusM2": 120}
"""Synthetic voices whose names tell their sex; one of each sex is tested on."""


def test_there_is_a_recipe_for_every_network_on_every_task() -> None:
    assert all(
        recipes.keys() == TASKS.keys()
        for architecture in ARCHITECTURES.values()
        for recipes in (architecture.recipes, architecture.standard)
    )


def test_a_task_without_a_recipe_is_refused_with_those_there_are() -> None:
    recipe = ARCHITECTURES["alexnet"].recipes["sex"]
    architecture = replace(ARCHITECTURES["alexnet"], name="mine", recipes={"sex": recipe})
    assert architecture.recipe("sex") is recipe
    with pytest.raises(ModelError, match=r"mine has no recipe for the task 'digit'.* sex,"):
        architecture.recipe("digit")
    bare = replace(architecture, standard={})
    with pytest.raises(ModelError, match=r"mine has no standard recipe for the task 'sex'; .*none"):
        bare.standard_recipe("sex")


@pytest.mark.parametrize(("model", "task"), list(product(ARCHITECTURES, TASKS)))
def test_every_network_trains_a_step_on_every_task_and_the_weights_open(
    model: str,
    task: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(from_recordings, "_TYPICAL", 4)
    people = dict(list(VOICES.items())[::2]) if task == "digit" else VOICES
    data = corpus(tmp_path / "data", people, (0, 5) if task == "digit" else (5,))
    out = tmp_path / "out.npz"
    given = ["--model", model, "--task", task, "--data", str(data), "--out", str(out)]
    assert train_command.main([*given, "--epochs", "1", "--batch", "4"]) == 0
    shown = capsys.readouterr()
    assert "4 recordings to train on, 4 to test on" in shown.out
    assert "1/1" in shown.err
    (tmp_path / "out.npz.checkpoint").unlink()  # a quarter of a gigabyte, which pytest would keep
    loaded = lrp_audio.load(out)
    assert loaded.classes == TASKS[task].classes
    assert loaded.front == ARCHITECTURES[model].front
    assert 0 <= loaded.classify(next(data.iterdir())) < len(loaded.classes)


Run = tuple[TrainingSet, Callable[..., Array], Settings]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Run]:
    """What the command gives to `train`, which is not run."""

    def begin(task: str, data: Path, *options: str, model: str = "audionet") -> Run:
        found: list[Run] = []

        def spared(
            build: object,
            parameters: object,
            samples: TrainingSet,
            prepare: Callable[..., Array],
            settings: Settings,
            *_: object,
        ) -> None:
            found.append((samples, prepare, settings))
            raise LrpAudioError("far enough")

        monkeypatch.setattr(from_recordings, "train", spared)
        given = ["--model", model, "--task", task, "--data", str(data), *options]
        assert train_command.main([*given, "--out", str(tmp_path / "a.npz")]) == 2
        return found[0]

    return begin


def test_what_is_not_given_comes_from_the_recipe(tmp_path: Path, begun: Callable[..., Run]) -> None:
    data = corpus(tmp_path / "data", VOICES, (0, 5))
    recipe = ARCHITECTURES["audionet"].recipes["sex"].settings
    assert begun("sex", data)[-1] == recipe
    given = ("--epochs", "2", "--batch", "3", "--rate", "0.1", "--fall", "0", "--seed", "0")
    expected = replace(recipe, epochs=2, batch=3, rate=0.1, cooldown=0.0, seed=0)
    assert begun("sex", data, *given)[-1] == expected


def test_both_sexes_are_drawn_alike_and_digits_as_they_come(
    tmp_path: Path, begun: Callable[..., Run]
) -> None:
    people = VOICES | {"espeakEnusM3": 130, "espeakEnusM4": 140, "espeakEnusM5": 150}
    data = corpus(tmp_path / "data", people, (0, 5))
    samples, _, _ = begun("sex", data)
    assert samples.sampling_weights is not None
    assert np.bincount(samples.labels).tolist() == [4, 12]
    for sex in (0, 1):
        assert samples.sampling_weights[samples.labels == sex].sum() == pytest.approx(0.5)
    assert begun("digit", data)[0].sampling_weights is None


def test_the_gain_acts_after_the_normalisation_and_on_waveforms_only(
    tmp_path: Path, begun: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    louder = Augmentation(stretch=1e-17, noisy=0.0, gain=(1.25, 1.25))
    for architecture in ARCHITECTURES.values():
        for task, recipe in architecture.recipes.items():
            louder_recipe = replace(recipe, augmentation=louder)
            monkeypatch.setitem(architecture.recipes, task, louder_recipe)  # type: ignore[arg-type]
    data, rng = corpus(tmp_path / "data", VOICES, (0, 5)), np.random.default_rng(0)
    for model, gain, front in (("audionet", 1.25, WAVEFORM), ("alexnet", 1.0, SPECTROGRAM)):
        _, prepare, _ = begun("digit", data, model=model)
        found = prepare(tone(8001), rng, 1.0)
        assert found.dtype == np.float32
        expected = (front(tone(8000)) - front.centre) / front.spread
        np.testing.assert_allclose(found, gain * expected, rtol=1e-6, atol=1e-6)


def test_of_a_long_recording_the_loudest_part_without_its_offset_is_trained_on(
    tmp_path: Path, begun: Callable[..., Run]
) -> None:
    data = corpus(tmp_path / "data", {"ann": 400}, (0, 5))
    loud = np.zeros(40_000)
    loud[25_000:33_000] = tone(8000) + 4000  # never zero
    record(data / "1_ann_5.wav", loud)
    short, long = begun("digit", data)[0].signals
    assert len(short) == 4000
    assert len(long) == 10_000
    heard = np.trunc(loud)
    expected = heard[25_000:33_000] - heard.mean()
    np.testing.assert_allclose(long[long != long[0]], expected, rtol=1e-6, atol=1e-2)


def test_digits_are_trained_on_recordings_that_say_one(
    tmp_path: Path, begun: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    data = corpus(tmp_path / "data", {"ann": 400}, (0, 5))
    record(data / "03a01Fa.wav", tone(8000))
    assert begun("digit", data)[0].labels.tolist() == [0, 1]
    for path in data.glob("*ann*"):
        path.unlink()
    given = ["--data", str(data), "--out", str(tmp_path / "a.npz")]
    assert train_command.main(given) == 2
    assert "error: No recording is known to say a digit; add" in capsys.readouterr().err


def test_the_command_refuses_data_without_recordings_in_one_sentence(tmp_path: Path) -> None:
    done = command("--data", tmp_path, "--out", tmp_path / "a.npz")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "holds no recordings" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--epochs", "0"), "--epochs must be at least 1"),
        (("--batch", "0"), "--batch must be at least 1"),
        (("--seed", "-1"), "--seed must be at least 0"),
        (("--rate", "nan"), "--rate must lie between 0 and 1"),
        (("--fall", "2"), "--fall must lie from 0 to 1"),
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
