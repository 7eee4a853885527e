"""Networks exported by both exporters of torch, read back: outputs, gradients, relevance."""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from architectures import ARCHITECTURES, Case, cases
from figure import Figure, relative_difference
from hookable import hookable
from hypothesis import given, settings
from hypothesis import strategies as st
from installed import REQUIRED, torch
from translate import explained
from zennit import composites as peers

if not REQUIRED:
    pytest.importorskip("onnx", reason="needs the extra `onnx`")
    pytest.importorskip("onnxscript", reason="torch's newer exporter needs the extra `peers`")

from lrp_audio.interchange import ReadNetwork, read_onnx_network
from lrp_audio.rules import PRESETS

LRP_0 = PRESETS["lrp-0"]((-np.inf, np.inf))
ENDINGS = {"M5": "log-softmax", "LogMelCNN": "softmax", "Separable": "sigmoid"}
CASES = [(name, newer) for name in ARCHITECTURES for newer in (False, True)]


def exported(case: Case, newer: bool, dynamic: bool, folder: str, **options: Any) -> Path:
    """The network by torch's older or `newer` exporter, with a `dynamic` batch or one of 1."""
    path = Path(folder, "network.onnx")
    example = torch.zeros(2 if dynamic else 1, *case.shape)
    options |= {"dynamo": newer}
    if newer:
        options |= {"external_data": True, "verbose": False}
        options["dynamic_shapes"] = ({0: torch.export.Dim("batch")},) if dynamic else None
    elif dynamic:
        options |= {"input_names": ["x"], "dynamic_axes": {"x": {0: "batch"}}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporters warn of their own deprecations
        torch.onnx.export(case.network, (example,), str(path), **options)
    return path


def ended(found: ReadNetwork, logits: np.ndarray) -> np.ndarray:
    """What the ending that was cut off makes of `logits`."""
    if found.ending == "sigmoid":
        return 1 / (1 + np.exp(-logits))
    if found.ending == "none":
        return logits
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    shares = powers / powers.sum(-1, keepdims=True)
    return np.log(shares) if found.ending == "log-softmax" else shares


@pytest.mark.parametrize(("name", "newer"), CASES)
@settings(max_examples=2)
@given(data=st.data(), dynamic=st.booleans())
def test_an_exported_network_computes_as_in_torch(
    name: str, newer: bool, data: st.DataObject, dynamic: bool
) -> None:
    case = data.draw(cases(name))
    x = np.random.default_rng(1).normal(size=(3, *case.shape))
    with TemporaryDirectory() as folder:
        found = read_onnx_network(exported(case, newer, dynamic, folder), "float64")
    assert found.network.input_shape == case.shape
    assert found.ending == ENDINGS.get(name, "none")
    with torch.no_grad():
        wanted = case.network.double()(torch.tensor(x)).numpy()
    logits = found.network.forward(x)
    assert np.abs(ended(found, logits).reshape(wanted.shape) - wanted).max() < 1e-5
    if case.piecewise_linear:
        relevance = found.network.propagate(x, lambda y: y, LRP_0).relevance["input"]
        gradient = found.network.input_gradient(x, np.ones_like)
        assert np.abs(relevance - x * gradient).max() < 1e-6 * np.abs(x * gradient).max()


@pytest.mark.parametrize(("name", "newer"), CASES)
@settings(max_examples=1)
@given(data=st.data())
def test_the_layers_of_an_exported_network_are_those_that_were_trained(
    name: str, newer: bool, data: st.DataObject
) -> None:
    case = data.draw(cases(name))
    with TemporaryDirectory() as folder:
        found = read_onnx_network(exported(case, newer, True, folder))
    kinds = [type(node.layer).__name__ for node in found.network.nodes]
    trained = [type(m).__name__ for m in case.network.modules()]
    convolutions = sum(kind in ("Conv1D", "Conv2D") for kind in kinds)
    assert convolutions == sum(kind in ("Conv1d", "Conv2d") for kind in trained)
    assert kinds.count("Dense") == trained.count("Linear")
    assert not {"Pad", "Affine"} & set(kinds)


# Without `Gated`: zennit has no rule for the product of a gated linear unit, and cannot pass
# through one as a whole, because its output has another shape than its input. `hookable` says
# which rules zennit is given for other products and for batch-norms that it cannot merge.
@pytest.mark.parametrize("name", ["M5", "LogMelCNN", "Residual", "Separable"])
@settings(max_examples=10)
@given(data=st.data(), dynamic=st.booleans())
def test_epsilon_plus_of_an_exported_network_is_that_of_zennit_on_the_network_in_torch(
    name: str, figure: Figure, data: st.DataObject, dynamic: bool
) -> None:
    case = data.draw(cases(name))
    x = np.random.default_rng(1).normal(size=(3, *case.shape))
    with TemporaryDirectory() as folder:
        # The weights are float32 in both. In its other modes the exporter merges batch-norms, and
        # rounds what it merged to float32.
        unmerged = torch.onnx.TrainingMode.PRESERVE
        path = exported(case, False, dynamic, folder, training=unmerged)
        found = read_onnx_network(path, "float64")
    rules = PRESETS["epsilon-plus"]((-np.inf, np.inf))
    ours = found.network.propagate(x, lambda logits: logits, rules)
    peer = hookable(case.network)
    logits, theirs = explained(peer.network, x, 1.0, peer.composite(peers.EpsilonPlus))
    np.testing.assert_allclose(ours.output.reshape(logits.shape), logits, rtol=1e-10, atol=1e-11)
    apart = relative_difference(ours.relevance["input"], theirs)
    compared = f"EpsilonPlus, {name} from ONNX"
    figure.note(compared, len(figure.worst.get(compared, ())), apart)
    assert theirs.any()
    assert apart <= 1e-10
