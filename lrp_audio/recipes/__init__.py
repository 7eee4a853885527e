"""What defines a training run besides its data: settings, augmentation, number of steps."""

from lrp_audio.recipes.augmentation import Augmentation, ChannelAugmentation
from lrp_audio.recipes.everyday import EverydayAugmentation
from lrp_audio.recipes.recipe import Recipe, Settings

__all__ = ["Augmentation", "ChannelAugmentation", "EverydayAugmentation", "Recipe", "Settings"]
