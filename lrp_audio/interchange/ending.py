"""The end of a network: its softmax, log-softmax or sigmoid is left out.

Relevance starts before it, at the logits.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from lrp_audio.interchange.graph import Operation

Ending: TypeAlias = Literal["none", "softmax", "log-softmax", "sigmoid"]

_ENDINGS: dict[str, Ending] = {
    "LogSoftmax": "log-softmax",
    "Sigmoid": "sigmoid",
    "Softmax": "softmax",
}
_PASSING = (
    "Cast",
    "Dropout",
    "Flatten",
    "Identity",
    "Reshape",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
)


def without_ending(
    operations: Sequence[Operation], output: str
) -> tuple[list[Operation], Ending, list[str]]:
    """`operations` without the activation that ends in `output`; which it was; notes on it."""
    operations = list(operations)
    maker = {name: operation for operation in operations for name in operation.outputs}
    last = maker.get(output)
    while last is not None and last.op in _PASSING:
        last = maker.get(last.first)
    cut = [last]
    before = maker.get(last.first) if last is not None and last.op == "Log" else None
    if before is not None and before.op == "Softmax":
        cut.append(before)  # the logarithm of a softmax in two steps
    found = cut[-1]
    if last is None or found is None or found.op not in _ENDINGS:
        return operations, "none", []
    ending: Ending = "log-softmax" if len(cut) == 2 else _ENDINGS[found.op]
    notes = [f"The {ending} at the end is left out: relevance starts before it."]
    source = maker.get(found.first)
    if source is not None and source.op == "Relu":
        notes.append(
            f"A ReLU stands before the {ending}: outputs that it sets to 0 start with a relevance "
            "of 0."
        )
    left_out = {id(operation) for operation in cut}
    kept = [
        replace(o, op="Identity", inputs=(o.first,), attributes={}) if id(o) in left_out else o
        for o in operations
    ]
    return kept, ending, notes
