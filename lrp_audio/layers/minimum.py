"""The smaller one of each value and a constant."""

from lrp_audio.layers.clip import Clip


class Minimum(Clip):
    """``y = min(x, constant)``; relevance is dropped where the constant is smaller."""

    def __init__(self, constant: float) -> None:
        super().__init__(high=constant)
