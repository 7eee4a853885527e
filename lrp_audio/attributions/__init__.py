"""Other attribution methods beside LRP, one a file, on this engine's own forward and gradient."""

from lrp_audio.attributions.base import Attribution
from lrp_audio.attributions.gradient import Gradient
from lrp_audio.attributions.gradient_times_input import GradientTimesInput
from lrp_audio.attributions.integrated_gradients import IntegratedGradients
from lrp_audio.attributions.kernel_shap import KernelShap
from lrp_audio.attributions.lime import CosineKernel, EuclideanKernel, Lime
from lrp_audio.attributions.lrp import Lrp
from lrp_audio.attributions.occlusion import Occlusion
from lrp_audio.attributions.presets import methods
from lrp_audio.attributions.random import Random, RandomSegments
from lrp_audio.attributions.smooth_grad import SmoothGrad
from lrp_audio.audio.segments import Segments, Tiles, TimeSegments

__all__ = [
    "Attribution",
    "CosineKernel",
    "EuclideanKernel",
    "Gradient",
    "GradientTimesInput",
    "IntegratedGradients",
    "KernelShap",
    "Lime",
    "Lrp",
    "Occlusion",
    "Random",
    "RandomSegments",
    "Segments",
    "SmoothGrad",
    "Tiles",
    "TimeSegments",
    "methods",
]
