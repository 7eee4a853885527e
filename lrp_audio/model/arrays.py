"""A model over arrays: a network and the meaning of its output, for inputs of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.layers.arrays import as_floats
from lrp_audio.models.lrp import Propagated
from lrp_audio.models.network import Network
from lrp_audio.outputs import Output, Targets
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.presets import Bounds, composite
from lrp_audio.types import Array

_FROZEN = "frozen"


@dataclass(frozen=True)
class ArrayModel:
    """A network whose inputs are given as arrays, and the meaning of its output.

    `notes` are sentences on how the network was read, where it came from a file; then `sha256` is
    the digest of the bytes that it was read from.
    """

    name: str
    network: Network
    output: Output
    dtype: "np.dtype[Any]"
    notes: tuple[str, ...] = ()
    sha256: str = ""

    def __repr__(self) -> str:
        names = ", ".join(self.output.names[:12]) + ", ..." * (len(self.output.names) > 12)
        what = "classes" if self.output.kind == "class" else "values"
        return f"<Model {self.name} in {self.dtype}: {len(self.output.names)} {what} ({names})>"

    def __getstate__(self) -> dict[str, object]:
        """All fields, and which parameters are read-only: pickled arrays become writeable."""
        parameters = self.network.parameters().items()
        frozen = [name for name, array in parameters if not array.flags.writeable]
        return {**vars(self), _FROZEN: frozen}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore which parameters are read-only: layers cache what they derive from these."""
        frozen = state.pop(_FROZEN)
        vars(self).update(state)
        parameters = self.network.parameters()
        for name in frozen:
            parameters[name].setflags(write=False)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, or of the values that the network gives."""
        return self.output.names

    def explain_array(
        self,
        x: Array,
        target: Targets = None,
        rules: str | Composite | None = None,
        bounds: Bounds | None = None,
    ) -> Propagated:
        """LRP of inputs `x`, ``(batch, *input_shape)`` or one sample ``input_shape``.

        `target` is one for all samples, or a sequence with one for each. `rules` is a composite or
        its name, by default ``epsilon-plus``; `bounds` are those of the inputs, for the zB rule, by
        default their least and largest value. Raises `ShapeError`, `TargetError` or `RuleError`.
        """
        x = self._batch(x)
        given = (float(x.min(initial=0)), float(x.max(initial=0))) if bounds is None else bounds
        chosen = composite("epsilon-plus" if rules is None else rules, given)
        wanted = self.output.wanted(target, len(x), self.name)

        def start(output: Array) -> Array:
            return self.output.start(
                output, self.output.positions(wanted, self.output.scores(output))
            )

        return self.network.propagate(x, start, chosen)

    def targets(self, x: Array, target: Targets = None) -> NDArray[np.intp]:
        """What an attribution method takes as the targets of inputs `x`, ``(batch,)``.

        They are the numbers of each `target`, given as for `explain_array`, in the flattened output
        of its sample. Raises `ShapeError` or `TargetError`.
        """
        output = self.network.forward(self._batch(x))
        places = self.output.places(output.shape[1:])
        wanted = self.output.wanted(target, len(output), self.name)
        found = self.output.positions(wanted, self.output.scores(output))
        return np.array([places[at.frame, at.index] for at in found], np.intp)

    def assignments(self, rules: str | Composite | None = None) -> list[Assignment]:
        """The rule of each layer, and the reason, from input to output."""
        return self.network.assign(composite("epsilon-plus" if rules is None else rules, (0, 1)))

    def _batch(self, x: Array) -> Array:
        x = as_floats(x, "An input").astype(self.dtype, copy=False)
        return x[np.newaxis] if x.ndim == len(self.network.input_shape) else x


def names_of(count: int, names: Sequence[str] | None) -> tuple[str, ...]:
    """The given `names`, or the numbers from 0 to `count`."""
    return tuple(map(str, range(count))) if names is None else tuple(names)
