"""Numbers of tensors that lie in a file beside the model.

Read here and not by the package onnx, because the entries come from the file and may say anything.
"""

from pathlib import Path
from typing import Any

from lrp_audio.arguments import described
from lrp_audio.errors import ModelError
from lrp_audio.interchange.digest import FilesDigest
from lrp_audio.interchange.limits import MAX_FILE
from lrp_audio.interchange.opening import is_plain_name, read_exactly, regular_file
from lrp_audio.interchange.text import as_text


def external_bytes(
    tensor: Any, what: str, expected: int, folder: Path, digest: FilesDigest
) -> bytearray:
    """The `expected` bytes of `tensor`, from a file in `folder`; added to `digest`.

    Raises `ModelError` for a location that is not a plain file name, for a link, and where offset
    and length do not fit the file or the tensor.
    """
    entries = {as_text(e.key): as_text(e.value) for e in tensor.external_data}
    path = folder / _file_name(entries.get("location", ""), what)
    offset = _number(entries.get("offset", "0"), "offset", what)
    length = _number(entries.get("length", str(expected)), "length", what)
    if length != expected:
        raise ModelError(
            f"{what} has {length:,} bytes in {path.name}; its shape and type need {expected:,}."
        )
    if length == 0:
        return bytearray()
    with regular_file(path, "The external data of the network,", MAX_FILE) as (file, size):
        if offset + length > size:
            raise ModelError(
                f"{what} lies at bytes {offset:,} to {offset + length:,} of {path.name}, which has "
                f"only {size:,}; copy the file again, together with the model."
            )
        data = read_exactly(file, offset, length)
    if data is None:
        raise ModelError(f"{path} became shorter while it was read; try again.")
    digest.add(f"{path.name}:{offset}", data)
    return data


def _file_name(location: str, what: str) -> str:
    if not is_plain_name(location):
        raise ModelError(
            f"{what} lies in {described(location)}; expected a plain file name, of a file beside "
            "the model."
        )
    return location


def _number(text: str, key: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ModelError(f"{what} has the {key} {described(text)}; expected a whole number.")
    return int(text)
