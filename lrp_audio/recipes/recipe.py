"""The recipe of a network for a task: the settings of its training run and the augmentation."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lrp_audio.recipes.augmentation import Augmentation


@dataclass(frozen=True)
class Settings:
    """What defines a run besides its data; the same settings and seed give the same weights.

    The run has `steps`, or as many as `epochs` of its recordings have, where that is None.
    `rate` is the peak learning rate; it rises over `warmup` steps and falls over the last share
    `cooldown` of the run. Gradients are clipped to the norm `clip`, weights decay by `decay`, and
    `ema_decay` is that of the moving average of the parameters. A share `smoothing` of each label
    is spread over all classes.
    """

    epochs: int = 46
    steps: int | None = None
    batch: int = 64
    rate: float = 1.5e-3
    warmup: int = 100
    cooldown: float = 0.4
    clip: float = 1.0
    decay: float = 0.01
    ema_decay: float = 0.999
    smoothing: float = 0.05
    seed: int = 0


@dataclass(frozen=True)
class Recipe:
    """Settings and augmentation of one architecture on one task.

    `steps` is about the number of steps that the shipped network was trained for, as a default for
    runs on other data. `corpora` says how often each corpus is drawn in a run on several, by its
    weight; others are not trained on.
    """

    settings: Settings
    augmentation: Augmentation
    steps: int
    corpora: Mapping[str, float] = field(default_factory=dict)
