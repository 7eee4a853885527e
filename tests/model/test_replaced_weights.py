"""The weights that a command names are the weights that compute, in every process."""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import clips, errors, explain
from small_network import DESCRIPTION, folder_with, graph, recording

import lrp_audio
from lrp_audio.commands.workers import Workers
from lrp_audio.errors import ModelError
from lrp_audio.experiments.subjects import Subject
from lrp_audio.explain import command
from lrp_audio.model import loading
from lrp_audio.models.shipped import shipped
from lrp_audio.models.weights import set_temperature

pytestmark = pytest.mark.slow


def split_in_files(folder: Path) -> Path:
    """A model whose numbers lie in a file beside its graph."""
    import onnx

    made = graph()
    folder_with(folder, made)
    onnx.save_model(
        made,
        str(folder / "model.onnx"),
        save_as_external_data=True,
        location="numbers.data",
        size_threshold=0,
    )
    return folder


def changed(path: Path) -> None:
    """Change the last byte of a file: in ONNX files and external data, a number."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def rewritten(folder: Path) -> None:
    (folder / "model.toml").write_text(DESCRIPTION.replace("drill", "siren 2"), encoding="utf-8")


CHANGES: dict[str, Callable[[Path], None]] = {
    "model.toml": rewritten,
    "numbers.data": lambda folder: changed(folder / "numbers.data"),
    "model.onnx": lambda folder: (folder / "model.onnx").write_bytes(
        (folder / "model.onnx").read_bytes().replace(b"ending", b"finale")
    ),
}


def test_the_digest_of_a_weights_file_is_that_of_its_bytes() -> None:
    path = shipped()["audionet-sex"]
    assert lrp_audio.load(path).sha256 == sha256(path.read_bytes()).hexdigest()
    assert lrp_audio.load("audionet-sex", "float64").sha256 == lrp_audio.load(path).sha256


@pytest.mark.parametrize("change", CHANGES)
def test_the_digest_of_a_folder_is_that_of_the_files_that_are_read(
    change: str, tmp_path: Path
) -> None:
    folder = split_in_files(tmp_path / "own")
    before = lrp_audio.load(folder).sha256
    (folder / "notes.txt").write_text("nothing that computes")
    assert lrp_audio.load(folder, "float64").sha256 == before
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert lrp_audio.load(tmp_path / "elsewhere").sha256 == before
    CHANGES[change](folder)
    assert lrp_audio.load(folder).sha256 != before


def test_weights_in_safetensors_have_a_digest(tmp_path: Path) -> None:
    from lrp_audio.layers import Dense, Flatten
    from lrp_audio.models.network import Network, chain

    safetensors = pytest.importorskip("safetensors.numpy", reason="needs the extra `onnx`")
    description = DESCRIPTION.replace("model.onnx", "model.safetensors")
    folder = folder_with(tmp_path / "own", graph(), description)

    def built(weights: dict[str, Any]) -> Network:
        return Network(chain([("flat", Flatten()), ("fc", Dense(weights["w"]))]), (1, 800))

    digests = []
    for level in (1.0, 1.0, 2.0):
        weights = {"w": np.full((3, 800), level, np.float32)}
        safetensors.save_file(weights, folder / "model.safetensors")
        digests.append(lrp_audio.load(folder, network=built).sha256)
    assert digests[0] == digests[1] != digests[2]


def explained_with(
    model: Path, replace: Callable[[], object], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Errors of a command whose model is replaced after it has read it, and before workers do."""
    found = command.find_clips

    def found_and_replaced(*arguments: Any) -> Any:
        replace()
        return found(*arguments)

    monkeypatch.setattr(command, "find_clips", found_and_replaced)
    done = explain(folder, "rec", "--model", model, "--jobs", "2", "--batch", "1")
    assert done.returncode == 2
    assert not list(folder.rglob("summary.json"))
    return errors(done)


def test_workers_stop_where_a_weights_file_was_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips(tmp_path / "rec", "a.wav", "b.wav", "c.wav")
    path = tmp_path / "my.npz"
    shutil.copyfile(shipped()["audionet-digit"], path)
    said = explained_with(path, lambda: set_temperature(path, 3.0), tmp_path, monkeypatch)
    assert said == [
        f"error: The model {path} was replaced after the command had begun: give the command again."
    ]


@pytest.mark.parametrize("change", CHANGES)
def test_workers_stop_where_a_file_of_a_folder_was_replaced(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rec").mkdir()
    for seed in range(2):
        recording(tmp_path / "rec" / f"{seed}.wav", seed=seed)
    folder = split_in_files(tmp_path / "own")
    said = explained_with(folder, lambda: CHANGES[change](folder), tmp_path, monkeypatch)
    assert len(said) == 1 and "was replaced after the command had begun" in said[0]


def test_this_process_goes_on_with_the_weights_that_it_has_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips(tmp_path / "rec", "a.wav")
    path = tmp_path / "my.npz"
    shutil.copyfile(shipped()["audionet-digit"], path)
    digest = sha256(path.read_bytes()).hexdigest()
    found = command.find_clips

    def found_and_replaced(*arguments: Any) -> Any:
        path.write_bytes(b"")
        return found(*arguments)

    monkeypatch.setattr(command, "find_clips", found_and_replaced)
    assert explain(tmp_path, "rec", "--model", path).returncode == 0
    (summary,) = tmp_path.rglob("summary.json")
    told = json.loads(summary.read_text(encoding="utf-8"))
    assert told["settings"]["weights"] == digest
    assert told["predicted"]["class"] == "zero"


def loaded(subject: Subject) -> str:
    return subject.load().sha256


def test_units_of_an_experiment_load_the_weights_that_identify_them(tmp_path: Path) -> None:
    path = tmp_path / "audionet-digit.npz"
    shutil.copyfile(shipped()["audionet-digit"], path)
    subject = Subject("audionet-digit", str(path), sha256(path.read_bytes()).hexdigest())
    pieces = [subject, subject]
    assert {digest for _, digest in Workers(2).run(loaded, pieces)} == {subject.sha256}
    path.write_bytes(shipped()["audionet-sex"].read_bytes())
    other = Subject("audionet-digit", str(path), "ab" * 32)
    with pytest.raises(ModelError, match="was replaced"):
        list(Workers(2).run(loaded, [other, other]))


def test_a_process_keeps_few_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_loaded", {})
    folder = folder_with(tmp_path / "own", graph())
    for number in range(loading._MOST_LOADED + 2):
        text = DESCRIPTION.replace("drill", f"drill {number}")
        (folder / "model.toml").write_text(text, encoding="utf-8")
        model = loading.load_once(folder, "float32")
        assert loading.load_once(folder, "float32", model.sha256) is model
    assert len(loading._loaded) == loading._MOST_LOADED
