"""The exercises in which relevance is lost in a small network, and the place is to be found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import described
from lrp_audio.errors import ExerciseError
from lrp_audio.layers import Dense, Identity, ReLU, Sum
from lrp_audio.models.network import INPUT, Network, Node, chain
from lrp_audio.rules import Composite, Entry, Epsilon, Ledger, ZPlus
from lrp_audio.teach.exercise import Exercise
from lrp_audio.teach.outcome import Outcome

_ACCOUNTS = ("bias", "stabiliser", "dropped")


@dataclass(frozen=True, repr=False)
class LossExercise(Exercise):
    """A `network` loses relevance of `x` ``(1, inputs)`` under `rules`: in which layer, to what?

    The relevance of the output is its value.
    """

    name: str
    network: Network
    x: NDArray[np.float64]
    rules: Composite

    @property
    def question(self) -> str:  # type: ignore[override]
        """What to do, and what there is to look at."""
        return (
            "Most of the relevance is lost in one layer of exercise.network, for the input\n"
            "exercise.x under exercise.rules. Which layer is it, and what absorbs it there: the\n"
            '"bias", the "stabiliser", or is it "dropped"? Hand in both, as in ("last", "bias").\n'
            "Look at exercise.network.draw(exercise.x, rules=exercise.rules), or follow\n"
            f"exercise.network.steps. The layers are {', '.join(self.layers)}."
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers, from the input on."""
        return tuple(node.name for node in self.network.nodes)

    @property
    def ledger(self) -> Ledger:
        """Where the relevance goes."""
        return self.network.propagate(self.x, lambda y: y, self.rules).ledger

    def check(self, answer: object) -> Outcome:
        """Whether the layer and the account of `answer` are those that absorb the most."""
        layer, account = self._pair(answer)
        entries = {entry.layer: entry for entry in self.ledger}
        largest = max(
            ((name, a) for name in entries for a in _ACCOUNTS),
            key=lambda place: abs(getattr(entries[place[0]], place[1])[0]),
        )
        told = _told(entries[layer], account)
        if (layer, account) == largest:
            return Outcome(self.name, True, told)
        return Outcome(self.name, False, f"{told} More is lost elsewhere.")

    def _pair(self, answer: object) -> tuple[str, str]:
        if isinstance(answer, tuple | list) and len(answer) == 2:
            layer, account = answer
            if layer in self.layers and account in _ACCOUNTS:
                return layer, account
        raise ExerciseError(
            f"The answer is {described(answer)}; expected a layer ({', '.join(self.layers)}) and "
            f'an account ({", ".join(_ACCOUNTS)}), as in ("{self.layers[0]}", "bias").'
        )


def _told(entry: Entry, account: str) -> str:
    """What happened to the relevance at a layer."""
    arrived, kept = float(entry.relevance_out[0]), float(entry.relevance_in[0])
    absorbed = float(getattr(entry, account)[0])
    what = "was dropped" if account == "dropped" else f"went to the {account}"
    return (
        f"{arrived:.4g} arrived at the output of {entry.layer}, {kept:.4g} reached its input, and "
        f"{absorbed:.4g} {what}."
    )


def _dense(weight: list[list[float]], bias: list[float]) -> Dense:
    return Dense(np.array(weight, float), np.array(bias, float))


def _with_bias() -> Network:
    return Network(
        chain(
            [
                ("first", _dense([[2, 1], [1, 2], [1, -1]], [0.1, -0.2, 0.1])),
                ("relu1", ReLU()),
                ("middle", _dense([[1, 0.5, 1], [0.5, 1, 0]], [9, 0.2])),
                ("relu2", ReLU()),
                ("last", _dense([[1, 1]], [-0.3])),
            ]
        ),
        (2,),
    )


def _without_excitation() -> Network:
    return Network(
        chain(
            [
                ("first", _dense([[-1, -2], [2, 1]], [0, 0.5])),
                ("same", Identity()),
                ("last", _dense([[-2, 1]], [0.2])),
            ]
        ),
        (2,),
    )


def _with_branches() -> Network:
    nodes = (
        Node("stem", _dense([[10, 10], [20, -5]], [0.1, 0.1]), (INPUT,)),
        Node("left", _dense([[0.1, -0.05], [0.05, 0.1]], [0, 0.1]), ("stem",)),
        Node("right", _dense([[0.02, 0.01], [0.03, -0.01]], [0.05, 0]), ("stem",)),
        Node("wider", _dense([[5, 0], [0, 6]], [0, 0.1]), ("right",)),
        Node("sum", Sum(2), ("left", "wider")),
        Node("last", _dense([[1, 2]], [0.1]), ("sum",)),
    )
    return Network(nodes, (2,))


_FINE = Epsilon(1e-6)

LOSSES = (
    LossExercise(
        "lost-1", _with_bias(), np.array([[1.0, 1.0]]), Composite("lost-1", {"dense": _FINE})
    ),
    LossExercise(
        "lost-2",
        _without_excitation(),
        np.array([[1.0, 2.0]]),
        Composite("lost-2", {"dense": ZPlus()}),
    ),
    LossExercise(
        "lost-3",
        _with_branches(),
        np.array([[1.0, 1.0]]),
        Composite("lost-3", {"dense": Epsilon(0.5)}),
    ),
)
"""The exercises, a chain, a chain with negative values, and branches."""
