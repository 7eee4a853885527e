"""The attribution methods that every experiment on explanations examines."""

from lrp_audio.attributions import Attribution, Lrp, methods
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.rules.presets import composite

_BESIDE_LRP = ("random", "gradient", "gradient-times-input")


def common_methods(front: FrontEnd, seed: int) -> dict[str, Attribution]:
    """Random numbers, two gradients, and LRP under each composite that `front` compares."""
    known = methods(front, seed)
    rules = [composite(name, front.bounds) for name in front.compared]
    return {name: known[name] for name in _BESIDE_LRP} | {
        f"lrp {each.name}": Lrp(each) for each in rules
    }
