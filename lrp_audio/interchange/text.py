"""Texts of protobuf messages."""


def as_text(value: str | bytes) -> str:
    """A text of a protobuf message, which gives bytes where it is no UTF-8."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
