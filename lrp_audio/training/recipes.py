"""What the shipped networks were trained with."""

from dataclasses import dataclass

from lrp_audio.training.augmentation import Augmentation, ChannelAugmentation
from lrp_audio.training.run import Settings


@dataclass(frozen=True)
class Recipe:
    """Settings and augmentation of one architecture on one task."""

    settings: Settings
    augmentation: Augmentation


RECIPES = {
    ("audionet", "digit"): Recipe(Settings(), Augmentation()),
    ("alexnet", "digit"): Recipe(Settings(epochs=7, batch=32, rate=1e-3), Augmentation()),
    ("audionet", "sex"): Recipe(Settings(epochs=5), ChannelAugmentation()),
    ("alexnet", "sex"): Recipe(Settings(epochs=4, batch=32, rate=1e-3), ChannelAugmentation()),
}
"""Recipes by architecture and task."""
