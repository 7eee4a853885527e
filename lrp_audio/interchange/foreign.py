"""Files that are not read, or not by themselves: with the line that helps for each."""

from pathlib import Path

from lrp_audio.errors import ModelError

_TORCH = (
    "it is a pickle, which may run code when it is read. Export the network where it was trained: "
    'torch.onnx.export(network.eval(), (example,), "model.onnx")'
)
_CHECKPOINT = (
    "it is a pickle, which may run code when it is read. Load its weights into the network where "
    'it was trained, then: torch.onnx.export(network.eval(), (example,), "model.onnx")'
)
_KERAS = 'it is a Keras file. Export it with Keras 3: model.export("model.onnx", format="onnx")'
_TENSORFLOW = (
    "it is a TensorFlow file. Convert it: "
    "python -m tf2onnx.convert --graphdef {name} --output model.onnx --inputs IN:0 --outputs OUT:0"
)
_LITE = (
    "it is a TensorFlow Lite file. Convert it: "
    "python -m tf2onnx.convert --tflite {name} --output model.onnx"
)
_DESCRIBED = (".onnx", ".safetensors")
_CONVERSIONS = {
    ".pt": _TORCH,
    ".pth": _TORCH,
    ".ckpt": _CHECKPOINT,
    ".bin": _CHECKPOINT,
    ".pkl": _CHECKPOINT,
    ".h5": _KERAS,
    ".hdf5": _KERAS,
    ".keras": _KERAS,
    ".pb": _TENSORFLOW,
    ".tflite": _LITE,
}


def refuse_other_formats(path: Path) -> None:
    """Raise `ModelError` for a file whose suffix names a format that is not read."""
    reason = _CONVERSIONS.get(path.suffix.lower())
    if reason is not None:
        raise ModelError(f"{path} is not read: {reason.format(name=path.name)}")


def refuse_bare_file(path: Path) -> None:
    """Raise `ModelError` where `path` is a file of a network, instead of a described folder."""
    if not path.is_file():
        return
    refuse_other_formats(path)
    if path.suffix.lower() in _DESCRIBED:
        raise ModelError(
            f"{path} needs a model.toml beside it, which says how recordings become its inputs and "
            f"what its outputs are called; then give its folder ({path.parent}). For an ONNX file "
            f"let one be proposed with: python -m lrp_audio.model check {path.parent} --write"
        )
