"""An ONNX file as the message that it holds, checked before it is parsed."""

from pathlib import Path
from typing import Any

from lrp_audio.arguments import described
from lrp_audio.errors import ModelError
from lrp_audio.interchange.digest import FilesDigest
from lrp_audio.interchange.foreign import refuse_other_formats
from lrp_audio.interchange.limits import MAX_FILE
from lrp_audio.interchange.opening import read_exactly, regular_file
from lrp_audio.interchange.packages import parser
from lrp_audio.interchange.wire import DamagedError, check_framing

OLDEST_OPSET = 7
_STANDARD = ("", "ai.onnx")


def read_model(path: Path, digest: FilesDigest) -> Any:
    """The ``ModelProto`` in the file at `path`, its external data unread; added to `digest`.

    Raises `ModelError` for a file that is no ONNX file, is damaged or too large, needs a newer
    version of the package onnx, or is older than opset 7.
    """
    refuse_other_formats(path)
    onnx = parser("onnx", "an ONNX file")
    model = onnx.ModelProto()
    try:
        with regular_file(path, "The ONNX file", MAX_FILE) as (file, size):
            check_framing(file, size, model.DESCRIPTOR)
            data = read_exactly(file, 0, size)
            if data is None:
                raise DamagedError("it is cut off")
            digest.add(path.name, data)
            model.ParseFromString(memoryview(data))
        _check_version(model, onnx)
    except DamagedError as error:
        raise ModelError(f"{path} cannot be read: {error}. Copy or export it again.") from error
    except ModelError:
        raise
    except Exception as error:  # protobuf's implementations raise several kinds
        raise ModelError(f"{path} is damaged or no ONNX file: {error!s:.200}.") from error
    return model


def opset_of(model: Any) -> int:
    """Version of the standard operators that `model` uses."""
    versions = [entry.version for entry in model.opset_import if str(entry.domain) in _STANDARD]
    if not versions:
        raise DamagedError("it does not say which version of ONNX's operators it uses")
    return int(max(versions))


def is_standard(domain: str) -> bool:
    """Whether a `domain` is that of ONNX's own operators."""
    return domain in _STANDARD


def _check_version(model: Any, onnx: Any) -> None:
    if not model.HasField("graph"):
        raise DamagedError("there is no graph in it, so it may not be an ONNX file")
    opset, newest = opset_of(model), onnx.defs.onnx_opset_version()
    if opset > newest or model.ir_version > onnx.IR_VERSION:
        raise DamagedError(
            f"it uses opset {opset} and format {model.ir_version}, and the package onnx "
            f"{onnx.__version__} goes up to {newest} and {onnx.IR_VERSION}; update it with "
            "pip install -U onnx, or export with an older opset"
        )
    if opset < OLDEST_OPSET:
        raise DamagedError(
            f"it uses opset {opset}, and {OLDEST_OPSET} is the oldest that is read; convert it "
            f"with onnx.version_converter.convert_version(model, {OLDEST_OPSET})"
        )
    if model.training_info:
        raise DamagedError("it holds a training graph; export it for inference")
    if model.functions:
        named = described(model.functions[0].name)
        raise DamagedError(
            f"it defines functions, the first being {named}; inline them with "
            "onnx.inliner.inline_local_functions(model)"
        )
