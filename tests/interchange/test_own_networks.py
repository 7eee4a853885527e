"""The pages on networks of other frameworks are true: their code, commands and tables."""

import re
import shlex
import shutil
import tomllib
from dataclasses import MISSING
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra `onnx`")
pytest.importorskip("safetensors", reason="needs the extra `onnx`")

from documents import DOCUMENTS, ROOT, blocks, rows, run
from graphs import model, node

import lrp_audio
from lrp_audio.fronts.conventions import CONVENTIONS
from lrp_audio.fronts.frames import Frames
from lrp_audio.fronts.kinds import KINDS, front_from, parameters_of
from lrp_audio.fronts.logarithmic import Logarithmic
from lrp_audio.fronts.mel import Mel
from lrp_audio.fronts.mfcc import Mfcc
from lrp_audio.fronts.stft_front import StftFront
from lrp_audio.interchange.digest import FilesDigest
from lrp_audio.interchange.folder import description_of
from lrp_audio.interchange.operators import OPERATORS
from lrp_audio.interchange.operators.refused import REASONS
from lrp_audio.layers.base import WeightedLayer

PAGE = ROOT / "docs" / "own-networks.md"
MODEL_TOML = ROOT / "docs" / "model-toml.md"
ONNX_PAGE = ROOT / "docs" / "operators.md"
PUBLISHED = ROOT / "docs" / "published-networks.md"
WITH_PYTHON = [d for d in DOCUMENTS if blocks(d, "python onnx")]
WITH_COMMANDS = [d for d in DOCUMENTS if any("mynet" in block for block in blocks(d, "sh"))]
GROUPS: dict[str, type] = {
    "frames": Frames,
    "transform": StftFront,
    "log": Logarithmic,
    "mel": Mel,
    "mfcc": Mfcc,
}
STARTED = {
    "lrp_audio.model": "lrp_audio.model.command",
    "lrp_audio.experiments": "lrp_audio.experiments.__main__",
}
"""Modules of commands whose function `main` stands in another one."""
NO_PARAMETERS = "audionet-spectrogram"


def weights() -> dict[str, np.ndarray]:
    """Those of the network on the page, named as torch names them."""
    rng = np.random.default_rng(0)
    found = {}
    for index, shape in (("0", (16, 1, 3, 3)), ("4", (32, 16, 3, 3)), ("9", (3, 32))):
        found[f"{index}.weight"] = rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))
        found[f"{index}.bias"] = 0.1 * rng.normal(size=shape[0])
    for index, channels in (("1", 16), ("5", 32)):
        for name in ("weight", "running_var"):
            found[f"{index}.{name}"] = rng.uniform(0.5, 2, size=channels)
        for name in ("bias", "running_mean"):
            found[f"{index}.{name}"] = 0.1 * rng.normal(size=channels)
    return {name: array.astype(np.float32) for name, array in found.items()}


def exported(w: dict[str, np.ndarray]) -> bytes:
    """The network on the page as torch exports it."""

    def norm(index: str, source: str, output: str) -> Any:
        names = [f"{index}.{n}" for n in ("weight", "bias", "running_mean", "running_var")]
        return node("BatchNormalization", " ".join([source, *names]), output)

    nodes = [
        node("Conv", "x 0.weight 0.bias", "a", pads=[1] * 4),
        norm("1", "a", "b"),
        node("Relu", "b", "c"),
        node("MaxPool", "c", "d", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", "d 4.weight 4.bias", "e", pads=[1] * 4),
        norm("5", "e", "f"),
        node("Relu", "f", "g"),
        node("GlobalAveragePool", "g", "h"),
        node("Flatten", "h", "i"),
        node("Gemm", "i 9.weight 9.bias", "y", transB=1),
    ]
    return bytes(model(nodes, (1, 1, 64, 101), w).SerializeToString())


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page works with, as the current one."""
    from safetensors.numpy import save_file

    monkeypatch.chdir(tmp_path)
    shutil.copy(lrp_audio.example("3_male"), "siren.wav")
    Path("recordings").mkdir()
    shutil.copy(lrp_audio.example("8_female"), "recordings")
    description = blocks(PAGE, "toml")[0]
    for folder in ("mynet", "handmade"):
        Path(folder).mkdir()
    w = weights()
    Path("mynet/model.onnx").write_bytes(exported(w))
    Path("mynet/model.toml").write_text(description)
    save_file(w, "handmade/model.safetensors")
    Path("handmade/model.toml").write_text(description.replace("model.onnx", "model.safetensors"))
    return tmp_path


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("document", WITH_PYTHON, ids=lambda path: path.name)
def test_the_python_that_reads_networks_runs_from_top_to_bottom(document: Path) -> None:
    code = blocks(document, "python onnx")
    assert code
    run(code, document)
    assert Path("out/siren/audible.wav").is_file()


@pytest.mark.usefixtures("workplace")
def test_the_network_written_by_hand_is_the_one_that_was_exported() -> None:
    names = run(blocks(PAGE, "python onnx"), PAGE)
    read, handmade = (names[name] for name in ("model", "handmade"))
    assert isinstance(read, lrp_audio.Model)
    assert isinstance(handmade, lrp_audio.Model)
    a, b = (each.explain("siren.wav", "siren") for each in (read, handmade))
    np.testing.assert_allclose(a.logits, b.logits, rtol=1e-4)
    np.testing.assert_allclose(a.relevance.sum(), b.relevance.sum(), rtol=1e-3)


@pytest.mark.usefixtures("workplace")
def test_layers_of_a_network_from_a_folder_remember_what_they_derive_from_their_weights() -> None:
    names = run(blocks(PAGE, "python onnx"), PAGE)
    for model_ in (names["model"], names["handmade"]):
        weighted = [n.layer for n in model_.network.nodes if isinstance(n.layer, WeightedLayer)]
        assert len(weighted) >= 3
        for layer in weighted:
            assert layer.positive_weight is layer.positive_weight
            assert not any(array.flags.writeable for array in layer.parameters().values())


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda path: path.name)
def test_the_commands_of_the_page_end_well(document: Path) -> None:
    lines = [line for block in blocks(document, "sh") for line in block.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if "mynet" in line]
    assert len(commands) >= (2 if document in (PAGE, ROOT / "README.md") else 1)
    for _python, _m, module, *arguments in commands:
        if "--write" in arguments:
            Path("mynet/model.toml").rename("filled-in.toml")
        main = import_module(STARTED.get(module, module)).main
        assert main(arguments) == 0, arguments
        if "--write" in arguments:
            Path("filled-in.toml").replace("mynet/model.toml")
    assert Path("lrp_out/report.html").is_file()


@pytest.mark.filterwarnings("ignore")  # torch's own, of its older exporter
@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("dynamo", [False, True], ids=["older exporter", "newer exporter"])
def test_what_torch_exports_by_the_page_is_verified(
    dynamo: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="needs the extra `peers`")
    if dynamo:
        pytest.importorskip("onnxscript", reason="torch's newer exporter needs onnxscript")
    Path("mynet/model.toml").rename("model.toml")
    for folder in ("mynet", "handmade"):
        shutil.rmtree(folder)
    code = blocks(PAGE, "python torch")
    export = '"mynet/model.onnx")'
    assert sum(export in block for block in code) == 1
    run([b.replace(export, f'"mynet/model.onnx", dynamo={dynamo})') for b in code], PAGE)
    assert Path("mynet/model.onnx.data").exists() == dynamo
    assert Path("handmade/model.safetensors").is_file()
    Path("model.toml").rename("mynet/model.toml")
    assert import_module("lrp_audio.model.command").main(["check", "mynet"]) == 0
    assert "verified: outputs agree" in capsys.readouterr().out


@pytest.mark.usefixtures("workplace")
def test_the_description_on_the_page_is_one_that_is_read() -> None:
    assert set(description_of(Path("mynet"), FilesDigest())) == {"network", "front", "output"}


@pytest.mark.parametrize("document", [PAGE, PUBLISHED], ids=lambda path: path.name)
def test_the_front_end_on_a_page_can_be_made(document: Path) -> None:
    (text,) = blocks(document, "toml")
    described = tomllib.loads(text)["front"]
    front = front_from(described.pop("kind"), described)
    assert front.rate == 16000
    assert front.length is not None


def test_every_key_of_a_description_is_on_the_page() -> None:
    from lrp_audio.interchange.folder import _KEYS

    named = {key for table, keys in _KEYS.items() for key in keys if table != "front"}
    shown = re.findall(r"`(?:\[\w+\] )?(\w+)`", " ".join(row[0] for row in rows(MODEL_TOML, "key")))
    assert named | {"kind", "convention"} == set(shown)


def test_the_page_lists_every_convention() -> None:
    named = [row[0].strip("`") for row in rows(MODEL_TOML, "convention")]
    assert named == list(CONVENTIONS)


def test_the_page_lists_every_kind_of_front_end() -> None:
    assert [row[0].strip("`") for row in rows(MODEL_TOML, "kind")] == list(KINDS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != NO_PARAMETERS])
def test_the_page_lists_the_parameters_of_a_front_end_with_their_defaults(kind: str) -> None:
    shown = {}
    for names, groups, defaults, _ in rows(MODEL_TOML, "parameter"):
        if groups == "all" or any(belongs(kind, group) for group in groups.split()):
            usual, *others = defaults.split(", of ")
            own = [text.split()[1] for text in others if belongs(kind, text.split()[0])]
            values = own or usual.split(", ")
            shown |= dict(zip(re.findall(r"`(\w+)`", names), values, strict=True))
    assert shown == {name: written(value) for name, value in parameters_of(kind).items()}


def belongs(kind: str, group: str) -> bool:
    return kind == group or (group in GROUPS and issubclass(KINDS[kind], GROUPS[group]))


def written(default: object) -> str:
    if default is MISSING:
        return "required"
    if default is None:
        return "none"
    text = f'"{default}"' if isinstance(default, str) else str(default).lower()
    return f"`{text}`"


def test_the_page_lists_every_operator_that_is_read() -> None:
    named = [op for row in rows(ONNX_PAGE, "family") for op in re.findall(r"`(\w+)`", row[1])]
    assert sorted(named) == sorted(OPERATORS)


def test_the_page_lists_every_operator_that_is_refused_with_a_reason() -> None:
    named = [op for row in rows(ONNX_PAGE, "what") for op in re.findall(r"`([A-Z]\w+)`", row[0])]
    assert sorted(named) == sorted(REASONS)
