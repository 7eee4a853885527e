"""The larger one of each value and a constant."""

from lrp_audio.layers.clip import Clip


class Maximum(Clip):
    """``y = max(x, constant)``; relevance is dropped where the constant is larger."""

    def __init__(self, constant: float) -> None:
        super().__init__(low=constant)
