"""All experiments by name."""

from typing import Any

from lrp_audio.experiments.accuracy import ACCURACY
from lrp_audio.experiments.compare import COMPARE
from lrp_audio.experiments.experiment import Experiment
from lrp_audio.experiments.flipping import FLIPPING
from lrp_audio.experiments.frequency_scaling import FREQUENCY_SCALING
from lrp_audio.experiments.sanity import SANITY

_ALL: tuple[Experiment[Any], ...] = (
    ACCURACY,
    FLIPPING,
    FREQUENCY_SCALING,
    SANITY,
    COMPARE,
)
EXPERIMENTS = {experiment.name: experiment for experiment in _ALL}
"""In the order in which the command's help lists them."""
