"""The composites of the literature under their usual names."""

from lrp_audio.errors import RuleError
from lrp_audio.rules.alpha_beta import AlphaBeta, ZPlus
from lrp_audio.rules.composite import Composite
from lrp_audio.rules.epsilon import LRP0, Epsilon

PRESETS = {
    preset.name: preset
    for preset in (
        Composite("lrp-0", {"dense": LRP0(), "convolution": LRP0()}),
        Composite("epsilon", {"dense": Epsilon(), "convolution": Epsilon()}),
        Composite("epsilon-plus", {"dense": Epsilon(), "convolution": ZPlus()}),
        Composite("epsilon-alpha2-beta1", {"dense": Epsilon(), "convolution": AlphaBeta(2, 1)}),
    )
}


def composite(rules: str | Composite) -> Composite:
    """The composite of that name, or `rules` itself if it is one already."""
    if isinstance(rules, Composite):
        return rules
    if rules not in PRESETS:
        raise RuleError(f"There are no rules {rules!r}; choose one of {', '.join(PRESETS)}.")
    return PRESETS[rules]
