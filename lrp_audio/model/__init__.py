"""Models: a network, the meaning of its output and, for recordings, the front end of its input."""

from lrp_audio.model.arrays import ArrayModel
from lrp_audio.model.clips import AnyClip, Model
from lrp_audio.model.loading import example, load, read_onnx

__all__ = ["AnyClip", "ArrayModel", "Model", "example", "load", "read_onnx"]
