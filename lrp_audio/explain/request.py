"""What is asked of every clip of a command."""

import argparse
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

import lrp_audio
from lrp_audio.audio.audible import Sign, Sound
from lrp_audio.audio.domain import Domain
from lrp_audio.model import Model
from lrp_audio.models.zoo import shipped
from lrp_audio.targets import PREDICTED


@dataclass(frozen=True)
class Request:
    """What is asked of every clip of the model in a weights file; plain values only.

    So it can be sent to another process, which reads the weights itself. ``sha256`` is the digest
    of that file. The results are those of ``target`` under ``rules``; the page switches to the
    ``others``, pairs of the same.
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

    @property
    def model(self) -> Model:
        """The model that is asked."""
        return _loaded(self.weights, self.sha256, self.dtype)

    def settings(self) -> dict[str, object]:
        """All that a result depends on besides the clip, as plain text."""
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
        }


def request_of(options: argparse.Namespace) -> Request:
    """The request of a command line. Raises `ModelError` or `SpectrumError`."""
    weights = shipped().get(options.model, Path(options.model))
    sha256 = _digest(weights)
    front = _loaded(weights, sha256, options.dtype).front
    targets, rules = options.target or [PREDICTED], options.rules or [front.rules]
    first, *others = product(targets, rules)
    return Request(
        weights=weights,
        sha256=sha256,
        dtype=options.dtype,
        target=first[0],
        rules=first[1],
        others=tuple(others),
        domain=front.choose(options.domain, options.window, options.hop),
        sound=options.sound,
        sign=options.sign,
        layers=options.layers,
    )


def _digest(weights: Path) -> str:
    """The digest of a file, or of nothing where loading it will say what is wrong."""
    try:
        return hashlib.sha256(weights.read_bytes()).hexdigest()
    except OSError:
        return ""


@lru_cache(maxsize=1)
def _loaded(weights: Path, sha256: str, dtype: str) -> Model:
    """The model of a weights file; read once in each process, and anew if it is another file.

    The digest tells so where the same path means another file, in another folder or later.
    """
    return lrp_audio.load(weights, dtype)
