"""A file of a network where a described folder is expected: what to do stands in the sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest

import lrp_audio
from lrp_audio.errors import ModelError
from lrp_audio.evaluate.__main__ import main as evaluate
from lrp_audio.experiments.__main__ import main as experiments
from lrp_audio.explain.__main__ import main as explain
from lrp_audio.model.command import main as model

WORDS = {
    "net.pt": "torch.onnx.export",
    "net.PTH": "torch.onnx.export",
    "last.ckpt": "Load its weights",
    "net.h5": "model.export",
    "net.keras": "model.export",
    "net.tflite": "--tflite net.tflite",
    "net.pb": "--graphdef net.pb",
    "net.onnx": "needs a model.toml beside it",
    "net.safetensors": "needs a model.toml beside it",
}
CLIP = str(lrp_audio.example("1_male"))
COMMANDS: dict[str, Callable[[str, Path], int]] = {
    "explain": lambda given, out: explain([CLIP, "--model", given, "--out", str(out)]),
    "evaluate": lambda given, out: evaluate(["--model", given, "--data", str(Path(CLIP).parent)]),
    "check": lambda given, out: model(["check", given]),
    "check --write": lambda given, out: model(["check", given, "--write"]),
    "experiments": lambda given, out: experiments(
        ["sanity", "--models", given, "--data", str(Path(CLIP).parent), "--out", str(out)]
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_loading_a_bare_file_says_how_to_go_on(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(ModelError) as caught:
        lrp_audio.load(tmp_path / name)
    assert WORDS[name] in str(caught.value)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["net.pth", "net.onnx"])
def test_every_command_says_how_to_go_on(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    assert COMMANDS[command](str(tmp_path / name), tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert WORDS.get(name, "torch.onnx.export") in error
    assert len(error.strip().splitlines()) == 1


def test_a_folder_with_a_file_of_torch_alone_is_not_proposed_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.pt").write_bytes(b"PK\x03\x04")
    assert model(["check", str(tmp_path), "--write"]) == 2
    assert "torch.onnx.export" in capsys.readouterr().err
    assert not (tmp_path / "model.toml").exists()
    assert model(["check", str(tmp_path / "nowhere")]) == 2
    assert "There is no folder" in capsys.readouterr().err
