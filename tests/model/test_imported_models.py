"""Networks of other frameworks, from a folder or a file to an explanation."""

import json
import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import graphs
import numpy as np
import pytest
from command_line import explain
from small_network import (
    DESCRIPTION,
    FRONT,
    LENGTH,
    NAMES,
    OF_FRAMES,
    RATE,
    computed,
    folder_with,
    graph,
    onnx,
    recording,
)

import lrp_audio
from lrp_audio.errors import ModelError, ShapeError, TargetError
from lrp_audio.fronts import Waveform
from lrp_audio.interchange.folder import read_folder
from lrp_audio.layers import Conv1D, Flatten, GlobalAveragePool, ReLU
from lrp_audio.model import ArrayModel, Model
from lrp_audio.model.command import main
from lrp_audio.models.network import INPUT, Network, chain
from lrp_audio.outputs import Output
from lrp_audio.types import Parameters


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return folder_with(tmp_path / "own", graph())


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return recording(tmp_path / "street.wav")


# --- from a folder to an explanation ----------------------------------------------------------


def test_a_network_in_a_folder_classifies_as_its_graph_does(own: Path, clip: Path) -> None:
    model = lrp_audio.load(own, "float64")
    explanation = model.explain(clip)
    expected = computed(graph(), model.inputs(clip))[0]
    assert explanation.probabilities == pytest.approx(expected, abs=1e-6)
    assert explanation.target_name == NAMES[int(expected.argmax())]
    assert model.classify(clip) == expected.argmax()


@pytest.mark.parametrize(
    "rules", ["lrp-0", "epsilon-plus", "epsilon-alpha2-beta1", "epsilon-gamma-box"]
)
@pytest.mark.parametrize("domain", ["time", "frequency", "time-frequency"])
def test_the_ledger_of_a_network_in_a_folder_closes(
    own: Path, clip: Path, rules: str, domain: str
) -> None:
    ledger = lrp_audio.load(own, "float64").explain(clip, "drill", rules, domain).ledger
    assert ledger.worst_residual() < 1e-9


def test_the_command_explains_clips_with_a_network_in_a_folder(own: Path, clip: Path) -> None:
    done = explain(clip.parent, clip, "--model", own, "--target", "siren", "--out", "out")
    assert done.returncode == 0, done.stderr
    (summary,) = (clip.parent / "out").rglob("summary.json")
    told = json.loads(summary.read_text(encoding="utf-8"))
    assert told["target"] == "siren" and told["classes"] == list(NAMES)
    assert (summary.parent / "audible.wav").is_file()


def test_a_changed_network_is_explained_again_where_results_are_resumed(
    own: Path, clip: Path
) -> None:
    given = (clip, "--model", own, "--out", "out", "--resume")
    explain(clip.parent, *given)
    (summary,) = (clip.parent / "out").rglob("summary.json")
    first = summary.read_bytes()
    folder_with(own, graph(None), DESCRIPTION)
    explain(clip.parent, *given)
    assert summary.read_bytes() != first


def test_a_regressor_has_values_and_no_predicted_class(tmp_path: Path, clip: Path) -> None:
    text = DESCRIPTION.replace("[output]", '[output]\nkind = "value"')
    model = lrp_audio.load(folder_with(tmp_path / "own", graph(None), text), "float64")
    with pytest.raises(TargetError, match="gives values, of which none is predicted"):
        model.explain(clip)
    explanation = model.explain(clip, "engine")
    assert explanation.probabilities is None
    assert explanation.logits[2] == pytest.approx(computed(graph(None), model.inputs(clip))[0, 2])
    done = explain(tmp_path, clip, "--model", tmp_path / "own", "--target", "engine", "--out", "o")
    assert done.returncode == 0 and "engine" in done.stdout and "%" not in done.stdout


# --- frames and any length ---------------------------------------------------------------------


@pytest.fixture
def framed(tmp_path: Path) -> Model:
    made = graph("Sigmoid", frames=True)
    return lrp_audio.load(folder_with(tmp_path / "framed", made, OF_FRAMES), "float64")


@pytest.mark.parametrize("seconds", [0.15, 0.4, 1.3])
def test_a_network_of_any_length_is_given_the_whole_recording(
    framed: Model, tmp_path: Path, seconds: float
) -> None:
    path = recording(tmp_path / "long.wav", seconds)
    explanation = framed.explain(path, "drill")
    assert explanation.relevance.shape == (round(seconds * RATE),)
    expected = computed(graph("Sigmoid", frames=True), framed.inputs(path))[0, 1]
    assert explanation.moment == pytest.approx(0.004 + 0.002 * expected.argmax())
    assert explanation.probabilities is not None
    assert explanation.probabilities[1] == pytest.approx(expected.max(), abs=1e-6)


def test_a_target_at_a_moment_is_explained_by_the_samples_of_its_frame(
    framed: Model, tmp_path: Path
) -> None:
    path = recording(tmp_path / "long.wav", 0.5)
    explanation = framed.explain(path, "siren@0.104")
    frame = 50
    assert explanation.moment == pytest.approx(0.104)
    reached = np.flatnonzero(explanation.relevance)
    assert reached.min() >= 8 * frame and reached.max() < 8 * frame + 16


@pytest.mark.parametrize(
    "target",
    ["siren@9", "siren@-1", "siren@soon", "@0.1", "siren@inf", "siren@nan", f"siren@{'9' * 5000}"],
)
def test_moments_that_there_are_not_are_refused(framed: Model, tmp_path: Path, target: str) -> None:
    with pytest.raises(TargetError):
        framed.explain(recording(tmp_path / "long.wav", 0.5), target)


def test_clips_of_several_lengths_are_explained_and_classified_together(
    framed: Model, tmp_path: Path
) -> None:
    paths = [recording(tmp_path / f"{n}.wav", 0.2 + 0.1 * n, n) for n in range(3)]
    together = framed.explain_batch(paths)
    for path, explanation, index in zip(paths, together, framed.classify_batch(paths), strict=True):
        alone = framed.explain(path)
        np.testing.assert_array_equal(explanation.relevance, alone.relevance)
        assert index == alone.target


# --- several targets -----------------------------------------------------------------------------


def test_targets_of_one_forward_pass_equal_those_explained_alone(own: Path, clip: Path) -> None:
    for model in (lrp_audio.load(own), lrp_audio.load("audionet-digit")):
        targets = [*model.classes[:3], 0]
        alone = [model.explain(clip, target) for target in targets]
        together = model.explain_targets(clip, targets)
        for one, other in zip(together, alone, strict=True):
            np.testing.assert_array_equal(one.relevance, other.relevance)
            assert one.target == other.target
            assert one.ledger.sample(0) == other.ledger.sample(0)
    assert model.explain_targets(clip, []) == []


# --- over arrays ---------------------------------------------------------------------------------


def test_a_network_without_a_front_end_explains_arrays(own: Path) -> None:
    x = np.random.default_rng(0).standard_normal((3, 1, LENGTH))
    model = lrp_audio.read_onnx(own / "model.onnx", dtype="float64", classes=NAMES)
    assert type(model) is ArrayModel
    logits = model.network.forward(x)
    found = model.explain_array(x, ["siren", 2, None], "lrp-0")
    for index, target in enumerate([0, 2, int(logits[2].argmax())]):
        alone = model.explain_array(x[index], target, "lrp-0")
        np.testing.assert_allclose(
            found.relevance[INPUT][index], alone.relevance[INPUT][0], atol=1e-12
        )
        one_hot = np.eye(3)[[target]]
        gradient = model.network.gradient(model.network.activations(x[[index]]), one_hot)
        np.testing.assert_allclose(
            alone.relevance[INPUT], x[[index]] * gradient, atol=1e-10 * np.abs(logits).max()
        )
    with pytest.raises(ShapeError):
        model.explain_array(x[:, :, 1:])


def test_a_file_with_a_front_end_is_the_model_that_its_folder_describes(
    own: Path, clip: Path
) -> None:
    front = Waveform(rate=RATE, length=LENGTH)
    model = lrp_audio.read_onnx(own / "model.onnx", front, NAMES)
    one, other = model.explain(clip), lrp_audio.load(own).explain(clip)
    np.testing.assert_array_equal(one.relevance, other.relevance)
    assert one.classes == other.classes


def test_weights_in_safetensors_are_explained_by_a_network_of_this_library(
    tmp_path: Path, clip: Path
) -> None:
    safetensors = pytest.importorskip("safetensors.numpy", reason="needs the extra `onnx`")
    rng = np.random.default_rng(3)
    weights = {
        "conv.weight": rng.standard_normal((4, 1, 16)).astype(np.float32),
        "conv.bias": rng.standard_normal(4).astype(np.float32),
        "scores.weight": rng.standard_normal((3, 4, 1)).astype(np.float32),
    }
    folder = folder_with(
        tmp_path / "own", graph(), DESCRIPTION.replace("model.onnx", "model.safetensors")
    )
    safetensors.save_file(weights, folder / "model.safetensors")

    def network(parameters: Parameters) -> Network:
        layers = [
            ("conv", Conv1D(parameters["conv.weight"], parameters["conv.bias"], 8)),
            ("relu", ReLU()),
            ("pool", GlobalAveragePool(keepdims=True)),
            ("scores", Conv1D(parameters["scores.weight"])),
            ("flat", Flatten()),
        ]
        return Network(chain(layers), (1, LENGTH))

    found = lrp_audio.load(folder, "float64", network).explain(clip)
    graphs = lrp_audio.load(folder_with(tmp_path / "graph", graph()), "float64").explain(clip)
    np.testing.assert_allclose(found.relevance, graphs.relevance, atol=1e-10)
    with pytest.raises(ModelError, match=re.escape(f"lrp_audio.load({str(folder)!r}, network=")):
        lrp_audio.load(folder)


# --- model.toml ----------------------------------------------------------------------------------

WRONG: dict[str, tuple[Callable[[str], str], str]] = {
    "no TOML": (lambda t: t + "= 3", "it is not TOML"),
    "an unknown table": (lambda t: t + "\n[outputs]\n", "there is no table [outputs]"),
    "an unknown key": (lambda t: t.replace("file", "flie"), "[network] has no key 'flie'"),
    "no network": (lambda t: t[t.index("[front]") :], "the table [network]"),
    "no front": (lambda t: t.replace(f"[front]\n{FRONT}\n", ""), "the table [front] is missing"),
    "a path": (lambda t: t.replace("model.onnx", "../own/model.onnx"), "in the same folder"),
    "a number as file": (lambda t: t.replace('"model.onnx"', "3"), "file in [network] is 3"),
    "an ending that is none": (
        lambda t: t.replace("\n\n[front]", '\nending = "sigmoid"\n\n[front]'),
        "ending is sigmoid, and the graph ends with softmax",
    ),
    "an unknown ending": (
        lambda t: t.replace("\n\n[front]", '\nending = "relu"\n\n[front]'),
        "ending is 'relu'",
    ),
    "an unknown front": (lambda t: t.replace('"waveform"', '"wavelet"'), "[front]"),
    "another length": (lambda t: t.replace("length = 800", "length = 900"), "(1, 900)"),
    "the axis of channels elsewhere": (
        lambda t: t.replace("length = 800", 'length = 800\nchannel_axis = "last"'),
        "(800, 1)",
    ),
    "a shape of words": (
        lambda t: t.replace("\n\n[front]", '\nshape = ["a"]\n\n[front]'),
        "shape in [network]",
    ),
    "too few names": (lambda t: t.replace(', "engine"', ""), "3 numbers for 2 names"),
    "names twice": (lambda t: t.replace('"drill"', '"siren"'), "3 different names"),
    "an unknown kind": (lambda t: t.replace("[output]", '[output]\nkind = "x"'), "class or value"),
    "frames without a step": (
        lambda t: t.replace("[output]", "[output]\nframes = { start = 1.0 }"),
        "frames in [output] has step",
    ),
    "a step of none": (
        lambda t: t.replace("[output]", "[output]\nframes = { step = 0.0 }"),
        "The step of frames is 0.0",
    ),
    "a step that is not finite": (
        lambda t: t.replace("[output]", "[output]\nframes = { step = nan }"),
        "The step of frames is nan",
    ),
    "a start in words": (
        lambda t: t.replace("[output]", '[output]\nframes = { step = 0.1, start = "soon" }'),
        "The start of frames is 'soon'",
    ),
    "frames on an axis of words": (
        lambda t: t.replace("[output]", '[output]\nframes = { step = 0.1, axis = "time" }'),
        "The axis of frames is 'time'",
    ),
    "an ending that is a list": (
        lambda t: t.replace("\n\n[front]", '\nending = ["softmax"]\n\n[front]'),
        "ending in [network] is ['softmax']: give a text",
    ),
    "an output that is a table": (
        lambda t: t.replace("\n\n[front]", '\noutput = { name = "f" }\n\n[front]'),
        "output in [network] is {'name': 'f'}: give a text",
    ),
    "a file of a longer name than files have": (
        lambda t: t.replace("model.onnx", f"{'m' * 300}.onnx"),
        "give the name of a file in the same folder",
    ),
    "frames on no axis": (
        lambda t: t.replace("[output]", "[output]\nframes = { step = 0.1, axis = 4 }"),
        "axis 4",
    ),
}


@pytest.mark.parametrize("change, sentence", WRONG.values(), ids=list(WRONG))
def test_a_description_that_is_wrong_is_refused_in_a_sentence(
    own: Path, change: Callable[[str], str], sentence: str
) -> None:
    text = change(DESCRIPTION)
    assert text != DESCRIPTION
    (own / "model.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError) as refused:
        lrp_audio.load(own)
    message = str(refused.value)
    assert sentence in message and str(own) in message
    assert message.endswith(".") and "\n" not in message


def test_a_folder_without_a_description_names_the_command_that_proposes_one(own: Path) -> None:
    (own / "model.toml").unlink()
    with pytest.raises(ModelError, match=r"model check .*own --write"):
        lrp_audio.load(own)


# --- the check -----------------------------------------------------------------------------------


def test_the_check_prints_the_layers_and_says_unverified_without_a_reference(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(own)]) == 0
    printed = capsys.readouterr().out
    assert "unverified" in printed and "4 x 99" in printed and "siren, drill, engine" in printed


@pytest.mark.parametrize("ending", ["Softmax", "LogSoftmax", "Sigmoid", None])
@pytest.mark.parametrize("frames", [False, True])
def test_the_check_compares_outputs_with_those_of_the_reference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str | None, frames: bool
) -> None:
    made = graph(ending, frames)
    folder = folder_with(tmp_path / "own", made, OF_FRAMES if frames else DESCRIPTION)
    x = np.random.default_rng(1).standard_normal((2, 1, 700 if frames else LENGTH))
    given = computed(made, x)
    np.savez(folder / "reference.npz", input=x, output=given)
    assert main(["check", str(folder)]) == 0
    assert "verified: outputs agree" in capsys.readouterr().out
    given[1] *= 1.01
    np.savez(folder / "reference.npz", input=x, output=given)
    assert main(["check", str(folder)]) == 2
    assert "differ from those of reference.npz" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arrays, sentence",
    [
        ({"input": np.zeros((1, 1, 5)), "output": np.zeros((1, 3))}, "does not fit"),
        ({"input": np.zeros((1, 1, LENGTH)), "output": np.zeros((1, 4))}, "has shape (1, 4)"),
        ({"input": np.zeros((1, 1, LENGTH))}, "has not both arrays input and output"),
        ({"input": np.array({}, object), "output": np.zeros((1, 3))}, "cannot be read"),
        ({"input": np.array(["a"]), "output": np.zeros((1, 3))}, "expected float32"),
    ],
)
def test_a_reference_that_does_not_fit_is_refused_in_a_sentence(
    own: Path, capsys: pytest.CaptureFixture[str], arrays: dict[str, np.ndarray], sentence: str
) -> None:
    np.savez(own / "reference.npz", **arrays)  # type: ignore[arg-type]
    assert main(["check", str(own)]) == 2
    error = capsys.readouterr().err
    assert sentence in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("name", "fits"), [('my "net" \\ 1.onnx', True), (os.fsdecode(b"n\xff.onnx"), False)]
)
def test_a_description_names_its_file_whatever_the_name(
    own: Path, name: str, fits: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = own.glob("*.onnx")
    file.rename(own / name)
    (own / "model.toml").unlink(missing_ok=True)
    code = main(["check", str(own), "--write"])
    if fits:
        assert code == 0
        assert tomllib.loads((own / "model.toml").read_text())["network"]["file"] == name
    else:
        assert code == 2
        assert "rename it" in capsys.readouterr().err
        assert not (own / "model.toml").exists()


@pytest.mark.parametrize("ending", ["Softmax", "Sigmoid", None])
def test_the_description_that_is_proposed_can_be_used_at_once(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str], ending: str | None
) -> None:
    folder = folder_with(tmp_path / "own", graph(ending))
    (folder / "model.toml").unlink()
    assert main(["check", str(folder), "--write"]) == 0
    capsys.readouterr()
    assert main(["check", str(folder)]) == 0
    model = lrp_audio.load(folder)
    assert model.front.length == LENGTH and model.classes == ("0", "1", "2")
    before = (folder / "model.toml").read_bytes()
    assert main(["check", str(folder), "--write"]) == 2
    assert (folder / "model.toml").read_bytes() == before


def test_the_description_of_a_network_of_any_length_has_no_length_but_frames(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_with(tmp_path / "own", graph(None, frames=True))
    (folder / "model.toml").unlink()
    assert main(["check", str(folder), "--write"]) == 0
    written = tomllib.loads((folder / "model.toml").read_text())
    assert "length" not in written["front"]
    assert written["output"]["names"] == ["0", "1", "2"]
    assert written["output"]["frames"] == {"step": 0.0005, "axis": 1}  # 8 samples at 16 kHz
    assert main(["check", str(folder)]) == 0
    model = lrp_audio.load(folder)
    for seconds in (0.3, 1.1):
        found = model.explain((np.sin(np.arange(round(16000 * seconds))), 16000), "1@0.1")
        assert found.moment == pytest.approx(0.1, abs=0.0005)
        assert found.relevance.shape == (round(16000 * seconds),)


def test_the_description_of_frames_of_a_spectrogram_counts_its_hops(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = [
        onnx.helper.make_node("Conv", ["x", "w"], ["c"], strides=[2]),
        onnx.helper.make_node("Transpose", ["c"], ["y"], perm=[0, 2, 1]),
    ]
    weight = np.random.default_rng(0).standard_normal((3, 40, 5)).astype(np.float32)
    folder = folder_with(tmp_path / "own", graphs.model(nodes, ("N", 40, "T"), {"w": weight}))
    (folder / "model.toml").unlink()
    assert main(["check", str(folder), "--write"]) == 0
    text = (folder / "model.toml").read_text()
    assert "shape (40, any)" in text
    assert tomllib.loads(text)["output"]["frames"] == {"step": 0.02, "axis": 0}  # two hops of 10 ms
    assert tomllib.loads(text)["output"]["names"] == ["0", "1", "2"]


def test_of_several_outputs_the_first_that_can_be_read_is_proposed(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = graph(None)
    made.graph.node.append(onnx.helper.make_node("NonZero", ["f"], ["found"]))
    for place, name in enumerate(("found", "f", "s")):
        info = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        made.graph.output.insert(place, info)
    del made.graph.output[3:]
    folder = folder_with(tmp_path / "own", made)
    (folder / "model.toml").unlink()
    assert main(["check", str(folder), "--write"]) == 0
    text = (folder / "model.toml").read_text()
    assert tomllib.loads(text)["network"]["output"] == "f"
    assert '"found", "s"' in text
    assert lrp_audio.load(folder).explain(clip).relevance.shape == (LENGTH,)


def test_a_front_end_of_any_length_before_a_network_of_one_length_is_refused(
    tmp_path: Path,
) -> None:
    text = DESCRIPTION.replace(f"length = {LENGTH}\n", "") + ""
    text = text.replace('file = "model.onnx"', f'file = "model.onnx"\nshape = [1, {LENGTH}]')
    with pytest.raises(ModelError, match=r"give the length in \[front\]"):
        lrp_audio.load(folder_with(tmp_path / "own", graph(), text))


def test_models_of_folders_survive_pickling(own: Path, clip: Path) -> None:
    import pickle

    model = lrp_audio.load(own)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.explain(clip).relevance, model.explain(clip).relevance)


def test_an_output_of_another_size_than_its_names_is_refused(own: Path) -> None:
    found = read_folder(own, "float32")
    with pytest.raises(ModelError, match="one name for each"):
        replace(found.output, names=("a",)).check((3,))
    Output(("a", "b", "c")).check((3,))
