"""What a command line asks for: one request, the same for all of its clips."""

import argparse
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import lrp_audio
from lrp_audio.audio.audible import Sign, Sound
from lrp_audio.audio.domain import Domain
from lrp_audio.model import Model
from lrp_audio.model.loading import load_once
from lrp_audio.models.shipped import shipped
from lrp_audio.outputs import PREDICTED


@dataclass(frozen=True)
class Request:
    """The settings of an explanation: plain values, so that they can be sent to other processes.

    Each process loads the `weights` itself, which have the digest ``sha256``. The files of a
    clip are for class ``target`` under the composite ``rules``; the report can switch to the
    ``others``, which are pairs of a class and a composite as well.
    """

    weights: Path
    sha256: str
    dtype: str
    target: str
    rules: str
    others: tuple[tuple[str, str], ...]
    domain: Domain
    sound: Sound
    sign: Sign
    layers: bool
    sure: float

    @property
    def model(self) -> Model:
        """The model of the `weights`; raises `ModelError` if these were replaced meanwhile."""
        return _sure_from(self.sure, load_once(self.weights, self.dtype, self.sha256))

    def settings(self) -> dict[str, object]:
        """All that the files of a clip depend on besides the clip, as plain text."""
        return {
            "version": lrp_audio.__version__,
            "weights": self.sha256,
            "dtype": self.dtype,
            "target": self.target,
            "rules": self.rules,
            "domain": str(self.domain),
            "sound": self.sound,
            "sign": self.sign,
            "layers": self.layers,
            "sure": self.sure,
        }


def request_of(options: argparse.Namespace) -> Request:
    """The request of a command line.

    Raises `ModelError`, `TargetError`, `RuleError` or `SpectrumError` for options that no clip can
    be explained with.
    """
    weights = shipped().get(options.model, Path(options.model))
    model = _sure_from(options.sure, load_once(weights, options.dtype))
    targets, rules = options.target or [PREDICTED], options.rules or [model.front.rules]
    model.output.wanted(targets, len(targets), model.name)
    for name in rules:
        model.assignments(name)
    first, *others = dict.fromkeys(product(targets, rules))
    return Request(
        weights=weights,
        sha256=model.sha256,
        dtype=options.dtype,
        target=first[0],
        rules=first[1],
        others=tuple(others),
        domain=model.front.choose(options.domain, options.window, options.hop),
        sound=options.sound,
        sign=options.sign,
        layers=options.layers,
        sure=options.sure,
    )


def _sure_from(share: float, model: Model) -> Model:
    """`model`, which counts as sure from that probability on."""
    return replace(model, output=replace(model.output, sure=share))
