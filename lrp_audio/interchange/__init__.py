"""Networks of other frameworks: ONNX files as networks of this engine, safetensors as arrays.

Files are parsed and never executed; nothing is unpickled.
"""

from lrp_audio.interchange.read import ReadNetwork, read_onnx_network
from lrp_audio.interchange.weights import read_safetensors

__all__ = ["ReadNetwork", "read_onnx_network", "read_safetensors"]
