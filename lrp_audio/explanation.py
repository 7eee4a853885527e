"""An explanation: the prediction for a clip, its relevance, and the files that hold both."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, get_args

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import as_path, one_of, whole_number
from lrp_audio.audio.audible import Sign, Sound, at_rate, masked, weighted
from lrp_audio.audio.clip import Clip
from lrp_audio.audio.domain import Domain
from lrp_audio.audio.encoding import wav
from lrp_audio.audio.files import MAX_RATE, MIN_RATE
from lrp_audio.drawing.heatmap import save_heatmap
from lrp_audio.errors import ClipError, LrpAudioError
from lrp_audio.files import staged
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.models.npz import write_npz
from lrp_audio.outputs import Output
from lrp_audio.rules.ledger import Entry, Ledger
from lrp_audio.seals import sealed
from lrp_audio.types import Floats

FILES = ("audible.wav", "heatmap.png", "relevance.npz", "summary.json")
"""Names of the files of a result."""

_KEPT_BITS = 16  # of relevance and input in a file: the resolution of recordings


@dataclass(frozen=True, eq=False)
class Explanation:
    """The relevance of one clip for one class of one model.

    ``front`` is the front end of the network, ``clip`` the clip as fitted to it, ``input`` the
    network's input (normalised samples ``(time,)`` or decibels ``(frequency, time)``; of several
    channels ``(channels, ...)``). ``logits`` has shape ``(classes,)``; ``target`` is the index of
    the explained class. ``relevance`` lies on the axes of ``domain``, summed over the channels.
    ``layers`` maps each layer's name to the relevance at its output, and ``"input"`` to that of the
    network's input ``(channels, ...)``, without a batch axis; ``ledger`` holds a batch of one.
    ``seconds`` is the time that the computation took.
    """

    model: str
    rules: str
    front: FrontEnd
    clip: Clip
    input: Floats
    output: Output
    logits: Floats
    target: int
    domain: Domain
    relevance: Floats
    layers: Mapping[str, Floats]
    ledger: Ledger
    seconds: float
    moment: float | None = None

    def __repr__(self) -> str:
        heard = f", heard as {self.classes[self.predicted]}" if self.output.kind == "class" else ""
        return (
            f"<Explanation of {self.clip.name!r} by {self.model} under {self.rules}: "
            f"{self.target_name}{heard}; relevance {self.relevance.shape} in {self.domain.name} of "
            f"sum {float(self.relevance.sum(dtype=np.float64)):.4g}>"
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, or of the values that the network gives."""
        return self.output.names

    @property
    def target_name(self) -> str:
        """The class or value that is explained, with its moment where there are several."""
        name = self.classes[self.target]
        return name if self.moment is None else f"{name}@{self.moment:.3g}"

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """Probabilities of the classes, ``(classes,)``; None where the network gives values."""
        return self.output.probabilities(self.logits)

    @property
    def sure(self) -> bool | None:
        """Whether the network is sure of the predicted class; None if it is not calibrated."""
        return self.output.is_sure(self.logits)

    @property
    def predicted(self) -> int:
        """Index of the class with the largest logit; of values, that of the explained one."""
        return int(self.logits.argmax()) if self.output.kind == "class" else self.target

    def top(self, k: int = 3) -> list[tuple[str, float, float | None]]:
        """Class, logit and probability of the ``k`` likeliest classes, best first.

        All of them where there are fewer. Of values their first ``k``, without probabilities.
        Raises `LrpAudioError` for a `k` below 0.
        """
        k = whole_number(k, "k, the number of classes,", 0)
        shares = self.probabilities
        if shares is None:
            return [(self.classes[i], float(of), None) for i, of in enumerate(self.logits[:k])]
        best = np.argsort(-self.logits, kind="stable")[:k]
        return [(self.classes[i], float(self.logits[i]), float(shares[i])) for i in best]

    @property
    def channel_relevance(self) -> NDArray[np.float64]:
        """The sum of the relevance of each channel of the network's input, ``(channels,)``."""
        own = self._own.reshape(self.front.channels, -1)
        return np.asarray(own.sum(axis=1, dtype=np.float64))

    def summary(self) -> dict[str, object]:
        """What ``summary.json`` holds, as plain Python values.

        Raises `ClipError` if relevance, logits or ledger are not finite.
        """
        self._require_finite()
        best, shares, several = self.predicted, self.probabilities, self.front.channels > 1
        return {
            "clip": self.clip.name,
            "model": self.model,
            "rules": self.rules,
            "domain": self.domain.name,
            "target": self.target_name,
            "predicted": {
                "class": self.classes[best],
                "logit": float(self.logits[best]),
                "probability": None if shares is None else float(shares[best]),
                "sure": self.sure,
            },
            "classes": list(self.classes),
            "logits": self.logits.astype(np.float64).tolist(),
            "probabilities": None if shares is None else shares.tolist(),
            "relevance_sum": float(self.relevance.sum(dtype=np.float64)),
            **({"channel_relevance": self.channel_relevance.tolist()} if several else {}),
            "seconds": self.seconds,
            "ledger": self.ledger.sample(0),
        }

    def in_domain(self, domain: str | Domain) -> Self:
        """The same explanation with its relevance carried to `domain`, without further LRP.

        `domain` is a domain or its name, as in `Model.explain`. The ledger gets a line for the
        layer in between. Raises `SpectrumError` if this network's relevance cannot be carried to
        it, or for another object.
        """
        domain = self.front.as_domain(domain)
        if domain == self.domain:
            return self
        begun = time.perf_counter()
        samples = self.front.samples_of(self.clip)
        relevance, carried = carry(domain, self.input, self._own, samples)
        entries = self.ledger.entries[: len(self.ledger) - len(self.domain.layers)]
        return replace(
            self,
            domain=domain,
            relevance=relevance,
            ledger=Ledger(entries + carried),
            seconds=self.seconds + time.perf_counter() - begun,
        )

    within = in_domain  # its name up to version 0.1

    def sound(
        self, sound: Sound = "weighted", sign: Sign = "for", rate: int | None = None
    ) -> NDArray[np.float32]:
        """The parts of the sound that are relevant for the class, or against it, in -1..1.

        They are at `rate` Hz, by default that of the recording. ``weighted`` is as loud as it is
        relevant (peak 0.99), ``masked`` as loud as the clip. Raises `LrpAudioError` for another
        `sound` or `sign`, or for an impossible `rate`.
        """
        one_of(sound, get_args(Sound), "sound")
        one_of(sign, get_args(Sign), "sign")
        rate = self.clip.source_rate if rate is None else rate
        rate = whole_number(rate, "The rate of a sound in Hz", MIN_RATE, MAX_RATE)
        samples = self.clip.samples
        given = self.front.samples_of(self.clip)
        mask = self.front.mask(self.domain, self.relevance, self._own, given, sign)
        heard = self.domain.heard(mask, samples)
        levelled = (
            weighted(heard) if sound == "weighted" else masked(heard, samples, self.clip.rate)
        )
        return at_rate(levelled, self.clip.rate, rate)

    def save(
        self,
        folder: str | os.PathLike[str],
        sound: Sound = "weighted",
        sign: Sign = "for",
        layers: bool = False,
        settings: Mapping[str, object] | None = None,
    ) -> Path:
        """Write heatmap.png, audible.wav, relevance.npz and summary.json into ``folder``.

        ``audible.wav`` holds ``self.sound(sound, sign)``; ``relevance.npz`` the relevance with its
        axes, input and rate, and with `layers` the relevance of every layer, as ``layer_<name>``;
        ``summary.json`` also the `settings`, and digests of the other files and of itself. All four
        are written in a temporary folder and then moved, so that none is ever partial; files of
        these names are replaced. Returns the folder; raises `LrpAudioError` if it cannot be
        written, `ClipError` if relevance, logits or ledger are not finite.
        """
        folder = as_path(folder, "the folder for the results")
        self._require_finite()
        heard = self.sound(sound, sign)
        try:
            with staged(folder) as aside:
                self._write(aside, heard, layers, settings)
        except OSError as error:
            raise LrpAudioError(
                f"The results cannot be written to {folder} ({error.strerror or error}): choose "
                "another folder with --out, or free it."
            ) from error
        return folder

    @property
    def _own(self) -> Floats:
        """Relevance of the network's input, as domains take it."""
        shape = self.front.input_shape(len(self.clip.samples))
        return self.front.plane(self.layers["input"].reshape(shape))

    def _require_finite(self) -> None:
        entries = [
            (e.relevance_out, e.relevance_in, e.bias, e.stabiliser, e.dropped) for e in self.ledger
        ]
        shown = {"relevance": self.relevance, "logits": self.logits, "ledger": np.array(entries)}
        for name, values in shown.items():
            if not np.isfinite(values).all():
                raise ClipError(
                    f"The {name} of {self.clip.name} under {self.rules} has numbers that are not "
                    "finite, so there is nothing to show: explain in float64 or with a stabilised "
                    "rule."
                )

    def _write(
        self,
        folder: Path,
        sound: NDArray[np.float32],
        layers: bool,
        settings: Mapping[str, object] | None,
    ) -> None:
        title = f"{Path(self.clip.name).name}: relevance for “{self.target_name}”"
        if self.output.kind == "class":
            doubt = ", not sure" if self.sure is False else ""
            title += f" (heard as “{self.classes[self.predicted]}”{doubt})"
        else:
            title += f" = {self.logits[self.target]:.3g}"
        samples = self.clip.samples
        save_heatmap(folder / "heatmap.png", samples, self.relevance, self.domain, title)
        (folder / "audible.wav").write_bytes(wav(sound, self.clip.source_rate))
        # ReLUs and silence give many zeros: compressed, all layers take a fifth, in 0.3 s.
        with (folder / "relevance.npz").open("xb") as file:
            write_npz(file, self._arrays(layers))
        summary = self.summary() | ({} if settings is None else {"settings": settings})
        text = json.dumps(sealed(summary, sorted(folder.iterdir())), indent=2, allow_nan=False)
        (folder / "summary.json").write_text(text + "\n", encoding="utf-8")

    def _arrays(self, layers: bool) -> dict[str, Any]:
        """The content of ``relevance.npz``, relevance in the precision of the network.

        Relevance is carried to other domains in float64, whose further digits are noise. Without
        `layers`, numbers in float32 are rounded, so that a file stays below 200 kB.
        """
        precision = self.input.dtype
        fits = np.abs(self.relevance).max(initial=0) <= np.finfo(precision).max
        arrays: dict[str, Any] = {
            "relevance": self.relevance.astype(precision) if fits else self.relevance,
            "input": self.input,
            "rate": np.int64(self.clip.rate),
            **self.domain.axes(len(self.clip.samples)),
        }
        if not layers:
            arrays |= {n: _rounded(arrays[n]) for n in ("relevance", "input")}
        else:
            # In C order, whatever the layout in memory: equal numbers give equal files.
            arrays |= {f"layer_{n}": np.ascontiguousarray(of) for n, of in self.layers.items()}
        return arrays


def _rounded(values: NDArray[Any]) -> NDArray[Any]:
    """In float32 to 16 bits relative to the largest: multiples of a power of two compress well."""
    if values.dtype != np.float32:
        return values
    exponent = np.frexp(np.abs(values).max(initial=0))[1]
    step = np.ldexp(1.0, int(exponent) - _KEPT_BITS)
    return np.asarray(np.rint(values / step) * step, values.dtype)


def carry(
    domain: Domain, x: NDArray[Any], own: NDArray[Any], samples: NDArray[Any]
) -> tuple[NDArray[Any], tuple[Entry, ...]]:
    """Relevance in `domain` from `own`, that of the input `x`, and the lines of the ledger.

    Relevance of several channels is summed.
    """
    found = domain.carry(x, own, samples)
    amounts = ((e.relevance_out, e.relevance_in, 0.0, 0.0, e.dropped) for e in found.lines)
    entries = (
        Entry(line.layer, line.rule, *(np.array([each]) for each in of))
        for line, of in zip(found.lines, amounts, strict=True)
    )
    relevance = found.relevance
    if relevance.ndim > len(domain.along):
        relevance = relevance.sum(axis=0)
    return np.ascontiguousarray(relevance), tuple(entries)
