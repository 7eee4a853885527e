"""The task of onnxruntime's process: the forward pass of the network in an ONNX file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions


class ForwardPass:
    """A batch's outputs, with all of onnxruntime's optimisations of the graph."""

    def __init__(self, folder: Path, threads: int) -> None:
        about = json.loads((folder / "case.json").read_text())
        options = SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self.session = InferenceSession(about["file"], options, providers=["CPUExecutionProvider"])
        (given,) = self.session.get_inputs()
        x = np.load(folder / "x.npy", allow_pickle=False)
        # The graph may have axes of length 1 that this engine leaves out.
        sample = [n for n in given.shape[1:] if isinstance(n, int)]
        whole = len(sample) == len(given.shape) - 1
        self.feed = {given.name: x.reshape(len(x), *sample) if whole else x}

    def __call__(self) -> dict[str, NDArray[Any]]:
        """One forward pass of the batch."""
        return {"output": self.session.run(None, self.feed)[0]}


TASKS = {"onnx": ForwardPass}
