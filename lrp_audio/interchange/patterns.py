"""Groups of operations that are one activation: SiLU, HardSwish and GELU, as exporters write them.

Each group becomes one operation, so that the network has one layer with its own name and rule.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lrp_audio.interchange.graph import Operation
from lrp_audio.types import Array


def with_activations(
    operations: Sequence[Operation], constants: Mapping[str, Array]
) -> list[Operation]:
    """`operations`, each activation that is written as several as one.

    `constants` are the known scalars by name. Operations that nothing reads any more stay in.
    """
    maker = {name: operation for operation in operations for name in operation.outputs}
    readers: dict[str, list[Operation]] = {}
    for operation in operations:
        for name in operation.inputs:
            readers.setdefault(name, []).append(operation)
    matcher = _Matcher(maker, readers, constants)
    found: dict[str, Operation] = {}
    for operation in operations:
        match = matcher.gated(operation) or matcher.gelu(operation)
        if match is not None:
            found[match.outputs[0]] = match
    return [found.get(operation.outputs[0], operation) for operation in operations]


class _Matcher:
    def __init__(
        self,
        maker: Mapping[str, Operation],
        readers: Mapping[str, Sequence[Operation]],
        constants: Mapping[str, Array],
    ) -> None:
        self._maker, self._readers, self._constants = maker, readers, constants

    def gated(self, operation: Operation) -> Operation | None:
        """SiLU or HardSwish where `operation` multiplies a value by its own (hard) sigmoid."""
        if operation.op != "Mul" or len(operation.inputs) != 2:
            return None
        for value, gate in (operation.inputs, operation.inputs[::-1]):
            by = self._maker.get(gate)
            if by is not None and by.inputs[:1] == (value,):
                if by.op == "Sigmoid":
                    return _instead(operation, "Silu", value)
                alpha, beta = by.attributes.get("alpha", 0.2), by.attributes.get("beta", 0.5)
                if by.op == "HardSigmoid" and _near(alpha, 1 / 6) and _near(beta, 0.5):
                    return _instead(operation, "HardSwish", value)
        return None

    def gelu(self, operation: Operation) -> Operation | None:
        """GELU where `operation` is the Erf in ``x (1 + erf(x / sqrt(2))) / 2``."""
        scaled = self._maker.get(operation.first) if operation.op == "Erf" else None
        if scaled is None or scaled.op not in ("Mul", "Div"):
            return None
        value, factor = self._scaled(scaled)
        factor = 1 / factor if factor and scaled.op == "Div" else factor
        if not _near(factor, math.sqrt(0.5)):
            return None
        added = self._reader(operation.outputs[0], "Add")
        if added is None or not _near(self._scaled(added)[1], 1.0):
            return None
        return self._product(added, value)

    def _product(self, last: Operation, value: str) -> Operation | None:
        """The GELU that products of `last` with `value` and 1/2, in any order, make up."""
        wanted = {"value", "half"}
        while wanted:
            following = self._reader(last.outputs[0], "Mul") or self._reader(last.outputs[0], "Div")
            if following is None:
                return None
            other = next((n for n in following.inputs if n != last.outputs[0]), "")
            if other == value and following.op == "Mul":
                wanted -= {"value"}
            elif _near(self._constant(other), 0.5 if following.op == "Mul" else 2.0):
                wanted -= {"half"}
            elif self._is_half_of(other, value):
                wanted -= {"value", "half"}
            else:
                return None
            last = following
        return _instead(last, "Gelu", value)

    def _is_half_of(self, name: str, value: str) -> bool:
        by = self._maker.get(name)
        if by is None or by.op not in ("Mul", "Div"):
            return False
        source, factor = self._scaled(by)
        return source == value and _near(factor, 0.5 if by.op == "Mul" else 2.0)

    def _scaled(self, operation: Operation) -> tuple[str, float | None]:
        """The value of an operation with one constant, and that constant."""
        first, second = (*operation.inputs, "", "")[:2]
        if self._constant(second) is not None:
            return first, self._constant(second)
        return second, self._constant(first)

    def _constant(self, name: str) -> float | None:
        array = self._constants.get(name)
        return float(array.reshape(())) if array is not None and array.size == 1 else None

    def _reader(self, name: str, op: str) -> Operation | None:
        readers = self._readers.get(name, ())
        return readers[0] if len(readers) == 1 and readers[0].op == op else None


def _instead(operation: Operation, op: str, value: str) -> Operation:
    return replace(operation, op=op, inputs=(value,), attributes={})


def _near(number: object, wanted: float) -> bool:
    return isinstance(number, int | float) and math.isclose(number, wanted, rel_tol=1e-3)
