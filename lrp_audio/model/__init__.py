"""Models: a network, the meaning of its output and, for recordings, the front end of its input.

The engine is loaded on first use, so that the command in this package starts at once.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrp_audio.model.arrays import ArrayModel
    from lrp_audio.model.clips import AnyClip, Model
    from lrp_audio.model.loading import example, load, read_onnx

__all__ = ["AnyClip", "ArrayModel", "Model", "example", "load", "read_onnx"]

_HOMES = {
    "AnyClip": "lrp_audio.model.clips",
    "ArrayModel": "lrp_audio.model.arrays",
    "Model": "lrp_audio.model.clips",
    "example": "lrp_audio.model.loading",
    "load": "lrp_audio.model.loading",
    "read_onnx": "lrp_audio.model.loading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lrp_audio.model' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
