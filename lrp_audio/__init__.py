"""Layer-wise Relevance Propagation for audio networks, to be seen and heard.

    model = lrp_audio.load("audionet-digit")
    explanation = model.explain("seven.wav")
    explanation.save("out/seven")

The import is cheap: the engine is loaded on first use.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrp_audio import teach
    from lrp_audio.explanation import Explanation
    from lrp_audio.kernels.threads import threads
    from lrp_audio.model import ArrayModel, Model, example, load, read_onnx

__version__ = "0.1.0"
__all__ = [
    "ArrayModel",
    "Explanation",
    "Model",
    "__version__",
    "example",
    "load",
    "read_onnx",
    "teach",
    "threads",
]

_HOMES = {
    "example": "lrp_audio.model",
    "load": "lrp_audio.model",
    "Model": "lrp_audio.model",
    "ArrayModel": "lrp_audio.model",
    "read_onnx": "lrp_audio.model",
    "Explanation": "lrp_audio.explanation",
    "threads": "lrp_audio.kernels.threads",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "teach":
        return import_module("lrp_audio.teach")
    if name not in _HOMES:
        raise AttributeError(f"module 'lrp_audio' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
