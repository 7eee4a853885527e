"""Networks of ONNX files can be drawn, small ones as neurons and large ones as layers."""

from pathlib import Path

import numpy as np
import pytest
from graphs import model, node, read


@pytest.mark.parametrize(("length", "neurons"), [(8, True), (200, False)])
def test_a_network_of_a_file_is_drawn(tmp_path: Path, length: int, neurons: bool) -> None:
    rng = np.random.default_rng(0)
    nodes = [
        node("Conv", "x w b", "a", pads=[1, 1]),
        node("Relu", "a", "r"),
        node("Add", "r x", "s"),
        node("GlobalAveragePool", "s", "m"),
        node("Flatten", "m", "f"),
        node("Gemm", "f v c", "y", transB=1),
    ]
    constants = {
        "w": rng.standard_normal((2, 2, 3)),
        "b": rng.standard_normal(2),
        "v": rng.standard_normal((3, 2)),
        "c": rng.standard_normal(3),
    }
    network = read(model(nodes, ("N", 2, length), constants), tmp_path).network
    figure = network.draw(rng.standard_normal((1, 2, length)), target=1)
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert any("kept" in text for text in shown) != neurons
    assert any(text.startswith("a") for text in shown)
    assert "input" in shown
