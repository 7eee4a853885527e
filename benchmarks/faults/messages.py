"""Seeded mutations of protobuf messages, field by field, so that their framing stays whole."""

from typing import Any

import numpy as np

from benchmarks.faults.mutation import EDGES, mutated

_TEXTS = ("", "x", "y", "Conv", "Gemm", "Reshape", "If", "../w.data", "\x1b[2J", "é" * 3000, "a\nb")


def change_message(message: Any, rng: np.random.Generator) -> None:
    """Change one to about five fields of `message` or of the messages in it."""
    for _ in range(rng.geometric(0.5)):
        _change(_some_message(message, rng), rng)


def _some_message(message: Any, rng: np.random.Generator) -> Any:
    """`message`, or one below it: at each of them the way may end or go on."""
    inner = [
        below
        for field, value in message.ListFields()
        if field.message_type is not None
        for below in (value if _repeated(field) else [value])
    ]
    if not inner or rng.random() < 0.15:
        return message
    return _some_message(inner[rng.integers(len(inner))], rng)


def _change(message: Any, rng: np.random.Generator) -> None:
    present = [field for field, _ in message.ListFields()]
    every = present if present and rng.random() < 0.8 else list(message.DESCRIPTOR.fields)
    field = every[rng.integers(len(every))]
    if _repeated(field):
        _change_list(getattr(message, field.name), field, rng)
    elif field.message_type is not None:
        if rng.random() < 0.5:
            message.ClearField(field.name)
        else:
            getattr(message, field.name).SetInParent()
    else:
        setattr(message, field.name, _value(field, getattr(message, field.name), rng))


def _change_list(values: Any, field: Any, rng: np.random.Generator) -> None:
    drawn, count = rng.random(), len(values)
    if count and drawn < 0.3:
        del values[rng.integers(count)]
    elif field.message_type is not None:
        if count:
            for _ in range(rng.integers(1, 4) if drawn < 0.95 else rng.integers(1, 500)):
                values.add().CopyFrom(values[rng.integers(count)])
        else:
            values.add()
    elif count and drawn < 0.8:
        at = rng.integers(count)
        values[at] = _value(field, values[at], rng)
    else:
        values.extend([_value(field, field.default_value, rng)] * int(rng.integers(1, 5)))


def _value(field: Any, old: Any, rng: np.random.Generator) -> Any:
    """Another value of the type of `field`."""
    if isinstance(old, bytes) or field.type == field.TYPE_BYTES:
        return mutated([bytes(old or b"")], rng)
    if field.cpp_type == field.CPPTYPE_STRING:
        return _TEXTS[rng.integers(len(_TEXTS))]
    if field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
        return float(rng.choice([0.0, -0.0, 1e-45, 1e38, -1e38, np.nan, np.inf, -np.inf]))
    if field.cpp_type == field.CPPTYPE_ENUM:
        values = field.enum_type.values
        return values[rng.integers(len(values))].number
    bits = 31 if field.cpp_type in (field.CPPTYPE_INT32, field.CPPTYPE_UINT32) else 63
    number = int(rng.integers(-2, 20)) if rng.random() < 0.6 else EDGES[rng.integers(len(EDGES))]
    unsigned = field.cpp_type in (field.CPPTYPE_UINT32, field.CPPTYPE_UINT64)
    return number % 2**bits if unsigned or number >= 0 else -(-number % 2**bits)


def _repeated(field: Any) -> bool:
    # Older versions of protobuf have no `is_repeated`, newer ones warn of `label`.
    found = getattr(field, "is_repeated", None)
    return field.label == field.LABEL_REPEATED if found is None else bool(found)
