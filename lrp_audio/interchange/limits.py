"""How large a file may be: sizes are compared with these before memory is taken for them."""

import math
from collections.abc import Iterable

from lrp_audio.errors import ModelError

MAX_FILE = 2**30
"""Bytes of a model file, and of all external data that a graph reads."""

MAX_STRUCTURE = 2**25
"""Bytes of a model file that are not the numbers of its tensors: names, texts, attributes."""

MAX_FIELDS = 200_000
"""Fields of a model file, of which each costs memory beyond its bytes."""

MAX_DEPTH = 40
"""Messages inside of messages."""

MAX_TEXT = 2**20
"""Bytes of one text."""

MAX_NODES = 20_000
MAX_RANK = 8
MAX_NUMBERS = 2**28
"""Numbers in all tensors that are read."""

MAX_VALUES = 2**26
"""Numbers of one sample at the output of any layer."""

MAX_DERIVED = 2**24
"""Numbers that constants are computed to, beyond those read."""


def numbers(shape: Iterable[int], what: str, limit: int = MAX_VALUES) -> int:
    """How many numbers an array of `shape` holds; raises `ModelError` beyond `limit`."""
    lengths = [int(length) for length in shape]
    if len(lengths) > MAX_RANK:
        raise ModelError(f"{what} has {len(lengths)} axes; at most {MAX_RANK} are read.")
    if any(length < 0 for length in lengths):
        raise ModelError(f"{what} has the shape {_shown(lengths)}, with a length below 0.")
    count = math.prod(lengths)
    if count > limit:
        raise ModelError(
            f"{what} has the shape {_shown(lengths)}; at most {limit:,} numbers are allowed there."
        )
    return count


class Budget:
    """What is left of a number of `numbers`; spending more raises `ModelError`."""

    def __init__(self, total: int, what: str) -> None:
        self.total, self.left, self._what = total, total, what

    def spend(self, count: int) -> None:
        """Take `count` away."""
        self.left -= count
        if self.left < 0:
            raise ModelError(f"{self._what} hold more than {self.total:,} numbers in all.")


def _shown(lengths: list[int]) -> str:
    return "(" + ", ".join(str(length) for length in lengths) + ")"
