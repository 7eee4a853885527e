"""A look at a protobuf file before it is parsed, so that parsing takes bounded memory.

A parsed message takes far more memory than the two bytes that an empty one has in a file. Here the
fields are only counted: tag and length are read, contents are skipped.
"""

from typing import Any, BinaryIO

from lrp_audio.interchange.limits import MAX_DEPTH, MAX_FIELDS, MAX_STRUCTURE, MAX_TEXT

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_CHUNK = 65_536
_TEXT, _DATA, _OTHER = "text", "data", "other"
_TENSOR_DATA = ("raw_data", "float_data", "double_data")


class DamagedError(Exception):
    """What is wrong with the bytes of a file, as the end of a sentence."""


class _Reader:
    """Bytes of a file by position, of which only a window is in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._start, self._window = file, 0, b""

    def varint(self, position: int, end: int) -> tuple[int, int]:
        """The number at `position`, and the position after it."""
        index = position - self._start
        if 0 <= index < len(self._window) and position < end and self._window[index] < 128:
            return self._window[index], position + 1  # most numbers take one byte
        value, shift = 0, 0
        while position < end and shift < 70:
            index = position - self._start
            if not 0 <= index < len(self._window):
                self._file.seek(position)
                self._window = self._file.read(_CHUNK)
                self._start, index = position, 0
                if not self._window:
                    break
            byte = self._window[index]
            position += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value, position
            shift += 7
        raise DamagedError("it is cut off, or it is no ONNX file")


class _Totals:
    """What has been counted in a file."""

    def __init__(self) -> None:
        self.fields = self.structure = 0

    def add(self, length: int) -> None:
        self.fields += 1
        self.structure += length
        if self.fields > MAX_FIELDS:
            raise DamagedError(f"it has more than {MAX_FIELDS:,} fields")
        if self.structure > MAX_STRUCTURE:
            raise DamagedError(f"it has more than {MAX_STRUCTURE:,} bytes of text and attributes")


def check_framing(file: BinaryIO, size: int, message: Any) -> None:
    """Raise `DamagedError` where `file`, of `size` bytes, cannot be a `message` of bounded size.

    `message` is the protobuf descriptor of what the file should hold.
    """
    reader, totals, known = _Reader(file), _Totals(), dict[str, dict[int, Any]]()
    unread = [(0, size, message, 0)]
    while unread:
        position, end, kind, depth = unread.pop()
        if depth > MAX_DEPTH:
            raise DamagedError(f"it is nested more than {MAX_DEPTH} levels deep")
        if kind.full_name not in known:
            known[kind.full_name] = _contents(kind)
        contents = known[kind.full_name]
        while position < end:
            tag, position = reader.varint(position, end)
            position, length = _skipped(reader, position, end, tag)
            content = contents.get(tag, _OTHER)
            if content is _TEXT and length > MAX_TEXT:
                raise DamagedError(f"a text in it has {length:,} bytes, more than {MAX_TEXT:,}")
            totals.add(length if content is _TEXT or content is _OTHER else 0)
            if content is not _TEXT and content is not _OTHER and content is not _DATA:
                unread.append((position - length, position, content, depth + 1))


def _contents(message: Any) -> dict[int, Any]:
    """What the length-delimited fields of a message hold, by their tags."""
    found = {}
    for number, field in message.fields_by_number.items():
        content: Any = _OTHER
        if field.message_type is not None:
            content = field.message_type
        elif field.name in _TENSOR_DATA:
            content = _DATA
        elif field.cpp_type == field.CPPTYPE_STRING:
            content = _TEXT
        found[number << 3 | _LENGTH] = content
    return found


def _skipped(reader: _Reader, position: int, end: int, tag: int) -> tuple[int, int]:
    """The position after the content of a field, and the length of that content."""
    if tag >> 3 == 0:
        raise DamagedError("it is no ONNX file")
    if tag & 7 == _VARINT:
        _, after = reader.varint(position, end)
        return after, after - position
    if tag & 7 == _LENGTH:
        length, position = reader.varint(position, end)
    else:
        try:
            length = {_FIXED64: 8, _FIXED32: 4}[tag & 7]
        except KeyError as error:
            raise DamagedError("it is no ONNX file") from error
    if length > end - position:
        raise DamagedError("it is cut off, or it is no ONNX file")
    return position + length, length
