"""Other attribution methods beside LRP, one a file, on this engine's own forward and gradient."""

from lrp_audio.attributions.base import Attribution
from lrp_audio.attributions.gradient import Gradient
from lrp_audio.attributions.gradient_times_input import GradientTimesInput
from lrp_audio.attributions.integrated_gradients import IntegratedGradients
from lrp_audio.attributions.kernel_shap import KernelShap
from lrp_audio.attributions.lime import CosineKernel, EuclideanKernel, Lime
from lrp_audio.attributions.lrp import Lrp
from lrp_audio.attributions.occlusion import Occlusion
from lrp_audio.attributions.random import Random, RandomSegments
from lrp_audio.attributions.smooth_grad import SmoothGrad
from lrp_audio.audio.segments import Segments, Tiles, TimeSegments
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.rules.presets import composite

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


def methods(front: FrontEnd, seed: int = 0) -> dict[str, Attribution]:
    """One of each method for networks behind `front`, by name; LRP under its default composite.

    The baseline is the front end's silence; the segments are the front end's.
    """
    silence, segments = front.silence, front.segments
    every: list[Attribution] = [
        Lrp(composite(front.rules, front.bounds)),
        Gradient(),
        GradientTimesInput(silence),
        IntegratedGradients(silence),
        SmoothGrad(seed=seed),
        Occlusion(segments, silence),
        Lime(segments, silence, seed=seed),
        KernelShap(segments, silence, seed=seed),
        Random(seed),
        RandomSegments(segments, seed),
    ]
    return {method.name: method for method in every}
