"""Experiments that need no labels take other people's networks, on any recordings."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("onnx", reason="needs the extra `onnx`")

from graphs import model, node
from small_network import (
    DESCRIPTION,
    FRONT,
    LENGTH,
    OF_FRAMES,
    RATE,
    folder_with,
    graph,
    recording,
)

import lrp_audio
from lrp_audio.attributions import methods
from lrp_audio.experiments import sanity
from lrp_audio.experiments.__main__ import main
from lrp_audio.fronts.kinds import front_from

SHORT = {"rate": RATE, "length": LENGTH}
STFT = SHORT | {"n_fft": 128, "hop_length": 32}
FRONTS: dict[str, dict[str, Any]] = {
    "log-mel": STFT | {"n_mels": 12, "top_db": 40.0},
    "mfcc": STFT | {"n_mels": 12, "n_mfcc": 6},
    "frames": SHORT | {"frame_length": 64, "hop_length": 32},
    "magnitude": STFT | {"channels": 2, "orientation": "time-frequency"},
}
VALUES = DESCRIPTION.replace("[output]", '[output]\nkind = "value"')


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Three recordings, one of another rate in a folder of its own, and one that is broken."""
    folder = tmp_path / "recordings"
    (folder / "below").mkdir(parents=True)
    recording(folder / "siren.wav")
    recording(folder / "below" / "seven of 9.flac", 0.4, seed=1)
    recording(folder / "drill_01.wav", 0.1, seed=2)
    return folder


def run(name: str, network: Path, recordings: Path, out: Path, *more: str) -> dict[str, Any]:
    given = [name, "--models", str(network), "--data", str(recordings), "--out", str(out), *more]
    assert main([*given, "--clips", "3"]) == 0
    found: dict[str, Any] = json.loads((out / "results.json").read_text())
    return found


def networks(folder: Path) -> dict[str, Path]:
    """One with a fixed length, and one with any length and an output for each frame."""
    return {
        "whole": folder_with(folder / "whole", graph()),
        "frames": folder_with(folder / "frames", graph(ending=None, frames=True), OF_FRAMES),
    }


@pytest.mark.parametrize("which", ["whole", "frames"])
def test_flipping_starts_from_what_the_network_predicts(
    which: str, recordings: Path, tmp_path: Path
) -> None:
    found = run("flipping", networks(tmp_path)[which], recordings, tmp_path / "out")
    rows = found["rows"]
    assert {row["network"] for row in rows} == {which}
    assert all(row["accuracy"] == 1 for row in rows if row["share silenced"] == 0)
    areas = {row["order"]: row for row in found["tables"][0]["rows"]}
    assert areas["lrp epsilon"]["clips"] == 3
    assert "what it predicts" in (tmp_path / "out" / "flipping.md").read_text()


@pytest.mark.parametrize("which", ["whole", "frames"])
def test_the_sanity_check_shuffles_the_weights(
    which: str, recordings: Path, tmp_path: Path
) -> None:
    found = run("sanity", networks(tmp_path)[which], recordings, tmp_path / "out")
    rows = [row for row in found["rows"] if row["measure"] == sanity.MEASURES[0]]
    similarity = {(row["method"], row["random down to"]): row["similarity"] for row in rows}
    assert {layer for _, layer in similarity} == {sanity.TRAINED, "scores", "conv"}
    for method in {row["method"] for row in rows}:
        assert similarity[method, sanity.TRAINED] == pytest.approx(1)
    assert similarity["random", "conv"] == pytest.approx(1)
    assert similarity["lrp epsilon", "conv"] < 0.9


@pytest.mark.parametrize("which", ["whole", "frames"])
def test_methods_are_compared_on_a_network_of_ones_own(
    which: str, recordings: Path, tmp_path: Path
) -> None:
    found = run("compare", networks(tmp_path)[which], recordings, tmp_path / "out")
    flip, listen = (table["rows"] for table in found["tables"])
    assert {"lime", "occlusion", "lrp epsilon-plus"} <= {row["method"] for row in flip}
    assert all(row["clips"] == 3 for row in flip)
    assert all(0 <= row["average drop (%)"] <= 100 for row in listen)
    names = {row["clip"] for row in found["rows"]}
    assert names == {"siren.wav", "seven of 9.flac", "drill_01.wav"}


@pytest.mark.parametrize("kind", FRONTS)
def test_methods_are_compared_behind_every_sort_of_front_end(kind: str, tmp_path: Path) -> None:
    front = front_from(kind, dict(FRONTS[kind]))
    weight = np.random.default_rng(0).standard_normal((int(np.prod(front.shape)), 3))
    nodes = [node("Relu", "x", "q"), node("Flatten", "q", "f"), node("Gemm", "f w", "y")]
    made = model(nodes, ("N", *front.shape), {"w": weight.astype(np.float32)})
    declared = [f"{key} = {json.dumps(value)}" for key, value in FRONTS[kind].items()]
    written = "\n".join([f'kind = "{kind}"', *declared])
    folder = folder_with(tmp_path / "net", made, DESCRIPTION.replace(FRONT, written))
    (tmp_path / "recordings").mkdir()
    noise = np.random.default_rng(1).standard_normal((LENGTH, front.channels)) / 10
    soundfile.write(tmp_path / "recordings" / "street.wav", noise, RATE)
    found = run("compare", folder, tmp_path / "recordings", tmp_path / "out")
    for row in found["tables"][1]["rows"]:
        assert all(np.isfinite(value) for value in row.values() if isinstance(value, float))
        assert 0 <= row["average drop (%)"] <= 100


def test_a_network_of_values_is_shuffled_but_has_no_decision_to_lose(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = folder_with(tmp_path / "values", graph(ending=None), VALUES)
    found = run("sanity", network, recordings, tmp_path / "out")
    assert found["tables"][0]["rows"]
    given = ["--models", str(network), "--data", str(recordings), "--out", str(tmp_path / "no")]
    assert main(["flipping", *given]) == 2
    assert "gives values" in capsys.readouterr().err


def test_a_network_of_ones_own_stands_beside_the_shipped_ones(
    recordings: Path, tmp_path: Path
) -> None:
    """Each on recordings of its own kind; two networks of one name keep apart."""
    for digit in (3, 8):
        clip = lrp_audio.example(f"{digit}_female")
        (recordings / f"{digit}_stranger_0.wav").write_bytes(clip.read_bytes())
    first = folder_with(tmp_path / "a" / "net", graph())
    second = folder_with(tmp_path / "b" / "net", graph())
    found = run(
        "flipping", first, recordings, tmp_path / "out", "--models",
        "audionet-digit", str(first), str(second),
    )  # fmt: skip
    counts = {row["network"]: row["clips"] for row in found["tables"][0]["rows"]}
    assert counts.pop("audionet-digit") == 2
    assert counts.pop("net") == 3
    assert list(counts.values()) == [3]


def test_what_cannot_be_examined_is_said_in_a_sentence(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = str(networks(tmp_path)["whole"])
    out = ["--out", str(tmp_path / "out")]
    for name, models, data, sentence in (
        ("frequency-scaling", network, recordings, "is about alexnet-sex, audionet-sex; --models"),
        ("sanity", "nowhere/", recordings, "takes the path of a network of your own"),
        ("sanity", str(recordings), recordings, "model.toml"),
        ("sanity", network, tmp_path / "whole", "holds no recordings"),
    ):
        assert main([name, "--models", models, "--data", str(data), *out]) == 2
        assert sentence in capsys.readouterr().err


def test_broken_recordings_are_named_and_the_others_examined(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (recordings / "broken.wav").write_bytes(b"RIFF of nothing")
    given = ["flipping", "--models", str(networks(tmp_path)["frames"]), "--data", str(recordings)]
    given += ["--out", str(tmp_path / "out"), "--skip-broken"]
    assert main(given) == 2
    assert "broken.wav" in capsys.readouterr().err
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert found["tables"][0]["rows"][0]["clips"] == 3


def test_every_attribution_takes_any_length_and_any_frame(tmp_path: Path) -> None:
    model = lrp_audio.load(networks(tmp_path)["frames"], "float64")
    rng = np.random.default_rng(5)
    for seconds in (0.11, 0.2):
        x = rng.standard_normal((2, 1, round(seconds * RATE)))
        targets = model.targets(x, ["siren@0.05", "engine@0.08"])
        output = model.network.forward(x)
        places = model.output.places(output.shape[1:])
        assert [int(np.argwhere(places == t)[0][1]) for t in targets] == [0, 2]
        frames = [int(np.argwhere(places == t)[0][0]) for t in targets]
        np.testing.assert_allclose(
            [model.output.seconds(frame) for frame in frames], [0.05, 0.08], atol=0.001
        )
        for name, method in methods(model.front).items():
            found = method.attribute(model.network, x, targets)
            assert found.shape == x.shape, name
        gradient = methods(model.front)["gradient"].attribute(model.network, x, targets)
        step = 1e-6 * np.eye(1, x.shape[2], 700 * x.shape[2] // 1000)[None]
        change = (model.network.forward(x + step) - model.network.forward(x - step)) / 2e-6
        expected = change.reshape(2, -1)[[0, 1], targets]
        np.testing.assert_allclose((gradient * step / 1e-6).sum(axis=(1, 2)), expected, atol=1e-6)
