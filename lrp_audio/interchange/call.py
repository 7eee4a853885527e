"""An operation with the values of its inputs: attributes and constants under one roof.

What is an attribute in one opset is an input in another; both are had by the same method.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrp_audio.arguments import described
from lrp_audio.errors import ModelError
from lrp_audio.interchange.graph import Operation
from lrp_audio.interchange.limits import Budget
from lrp_audio.interchange.values import Known, MixedSamplesError, View
from lrp_audio.types import Array


@dataclass(frozen=True)
class Call:
    """An `operation` and its `inputs`: arrays where constants are computed, else values or None.

    `budget` covers what constants are computed to.
    """

    operation: Operation
    inputs: tuple[Array | Known | View | None, ...]
    opset: int
    budget: Budget

    def attribute(self, name: str, default: Any) -> Any:
        """The attribute `name`, of the type of `default`."""
        value = self.operation.attributes.get(name)
        if value is None:
            return default
        wanted = type(default)
        if wanted is float and isinstance(value, int):
            value = float(value)
        if default is not None and not isinstance(value, wanted):
            raise ModelError(f"its attribute {name} is {described(value)}")
        return value

    def integers(self, name: str, position: int | None = None) -> tuple[int, ...] | None:
        """Whole numbers of the attribute `name` or the input at `position`; None for neither."""
        given = self.operation.attributes.get(name)
        if given is None and position is not None:
            given = self.array(position)
        if given is None:
            return None
        numbers = np.atleast_1d(np.asarray(given))
        if numbers.ndim != 1 or (numbers.dtype.kind not in "iu" and numbers.size):
            raise ModelError(f"its {name} are {described(given)}; expected whole numbers")
        return tuple(int(number) for number in numbers)

    def number(self, name: str, position: int, default: float) -> float:
        """The number in the attribute `name` or the input at `position`."""
        given = self.operation.attributes.get(name)
        given = self.array(position) if given is None else given
        if given is None:
            return default
        if np.size(given) != 1:
            raise ModelError(f"its {name} is {described(given)}; expected one number")
        number = float(np.asarray(given).reshape(()))
        if number != number:
            raise ModelError(f"its {name} is not a number")
        return number

    def array(self, position: int) -> Array | None:
        """The constant at an input; None where it is left out.

        Raises `ModelError` where it depends on the network's input, or on the size of the batch.
        """
        value = self.inputs[position] if position < len(self.inputs) else None
        if isinstance(value, View):
            raise ModelError(
                f"its input {described(self.operation.inputs[position])} depends on the input of "
                "the network, where only a constant can be explained"
            )
        if isinstance(value, Known):
            if value.depends_on_batch:
                raise MixedSamplesError("its constants depend on the size of the batch")
            return value.arrays[0]
        return value

    def constant(self, position: int) -> Array:
        """The constant at an input that must be there; of a layer it must be finite."""
        array = self.array(position)
        if array is None:
            raise ModelError(f"it has no input {position + 1}")
        if isinstance(self.inputs[position], Known) and not np.isfinite(array).all():
            name = described(self.operation.inputs[position])
            raise ModelError(f"its constant {name} holds numbers that are not finite")
        return array

    def view(self, position: int = 0) -> View:
        """The input that depends on the network's input."""
        value = self.inputs[position] if position < len(self.inputs) else None
        if not isinstance(value, View):
            raise ModelError(f"its input {position + 1} is a constant or left out")
        return value

    @property
    def live(self) -> list[int]:
        """Positions of the inputs that depend on the network's input."""
        return [index for index, value in enumerate(self.inputs) if isinstance(value, View)]


def whole(numbers: Sequence[int] | None, default: Sequence[int]) -> tuple[int, ...]:
    """`numbers`, or the `default` where none were given."""
    return tuple(default if numbers is None else numbers)
