"""What a command line asks for: one request, the same for all of its clips."""

import argparse
import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from pathlib import Path

import lrp_audio
from lrp_audio.audio.audible import Sign, Sound
from lrp_audio.audio.domain import Domain
from lrp_audio.model import Model
from lrp_audio.models.shipped import shipped
from lrp_audio.outputs import PREDICTED


@dataclass(frozen=True)
class Request:
    """The settings of an explanation: plain values, so that they can be sent to other processes.

    Each process loads the `weights` itself; ``sha256`` is the digest of that file. The files of a
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
        """The model of the `weights`."""
        return _loaded(self.weights, self.sha256, self.dtype, self.sure)

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
    sha256 = _digest(weights)
    model = _loaded(weights, sha256, options.dtype, options.sure)
    targets, rules = options.target or [PREDICTED], options.rules or [model.front.rules]
    model.output.wanted(targets, len(targets), model.name)
    for name in rules:
        model.assignments(name)
    first, *others = dict.fromkeys(product(targets, rules))
    return Request(
        weights=weights,
        sha256=sha256,
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


def _digest(weights: Path) -> str:
    """The digest of a file, or of the files in a folder; empty where they cannot be read."""
    try:
        if not weights.is_dir():
            return hashlib.sha256(weights.read_bytes()).hexdigest()
        digest = hashlib.sha256()
        for path in sorted(path for path in weights.iterdir() if path.is_file()):
            size = path.stat().st_size
            digest.update(f"{path.name}\0{size}\0".encode("utf-8", "surrogateescape"))
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()
    except OSError:
        return ""  # loading it reports why


@lru_cache(maxsize=1)
def _loaded(weights: Path, sha256: str, dtype: str, sure: float) -> Model:
    """The model of a weights file, sure from that probability on, loaded once in each process.

    The digest is part of the cache's key because the same path may mean another file in another
    folder, or later.
    """
    model = lrp_audio.load(weights, dtype)
    return replace(model, output=replace(model.output, sure=sure))
