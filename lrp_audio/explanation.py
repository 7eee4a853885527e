"""An explanation: what the model said of a clip, why, and the files that keep both."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, get_args

import numpy as np
import soundfile
from numpy.typing import NDArray

from lrp_audio.arguments import as_path, one_of, whole_number
from lrp_audio.audio.audible import Sign, Sound, at_rate, masked, speaking, weighted
from lrp_audio.audio.clip import Clip
from lrp_audio.audio.domain import Domain
from lrp_audio.audio.files import MAX_RATE, MIN_RATE
from lrp_audio.audio.spectral import dropped_relevance
from lrp_audio.drawing.heatmap import save_heatmap
from lrp_audio.errors import ClipError, LrpAudioError
from lrp_audio.files import staged
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.rules.ledger import Entry, Ledger
from lrp_audio.targets import softmax


@dataclass(frozen=True, eq=False)
class Explanation:
    """The relevance of one clip for one class of one model.

    ``front`` is the front end of the network, ``clip`` the clip as fitted to it, ``input`` what the
    network is given (normalised samples ``(time,)`` or decibels ``(frequency, time)``), ``logits``
    has shape ``(classes,)``, ``target`` indexes the explained class. ``relevance`` lies on the axes
    of ``domain``. ``layers`` maps each layer's name to the relevance at its output, and ``"input"``
    to that of the network's input, without a batch axis; ``ledger`` holds a batch of one.
    ``seconds`` is how long it took.
    """

    model: str
    rules: str
    front: FrontEnd
    clip: Clip
    input: NDArray[np.floating]
    classes: tuple[str, ...]
    logits: NDArray[np.floating]
    target: int
    domain: Domain
    relevance: NDArray[np.floating]
    layers: Mapping[str, NDArray[np.floating]]
    ledger: Ledger
    seconds: float

    def __repr__(self) -> str:
        target, best = self.classes[self.target], self.classes[self.predicted]
        return (
            f"<Explanation of {self.clip.name!r} by {self.model} under {self.rules}: {target}, "
            f"heard as {best}; relevance {self.relevance.shape} in {self.domain.name} of sum "
            f"{float(self.relevance.sum(dtype=np.float64)):.4g}>"
        )

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Softmax of the logits, ``(classes,)``."""
        return softmax(self.logits)

    @property
    def predicted(self) -> int:
        """Index of the class with the largest logit."""
        return int(self.logits.argmax())

    def top(self, k: int = 3) -> list[tuple[str, float, float]]:
        """Class, logit and probability of the ``k`` likeliest classes, best first.

        All of them where there are fewer; raises `LrpAudioError` for a `k` below 0.
        """
        k = whole_number(k, "k, the number of classes,", 0)
        shares = self.probabilities
        best = np.argsort(-self.logits, kind="stable")[:k]
        return [(self.classes[i], float(self.logits[i]), float(shares[i])) for i in best]

    def summary(self) -> dict[str, object]:
        """What ``summary.json`` holds, as plain Python values.

        Raises `ClipError` where relevance, logits or ledger are not finite.
        """
        self._require_finite()
        name, logit, probability = self.top(1)[0]
        return {
            "clip": self.clip.name,
            "model": self.model,
            "rules": self.rules,
            "domain": self.domain.name,
            "target": self.classes[self.target],
            "predicted": {"class": name, "logit": logit, "probability": probability},
            "classes": list(self.classes),
            "logits": self.logits.astype(np.float64).tolist(),
            "probabilities": self.probabilities.tolist(),
            "relevance_sum": float(self.relevance.sum(dtype=np.float64)),
            "seconds": self.seconds,
            "ledger": self.ledger.sample(0),
        }

    def in_domain(self, domain: str | Domain) -> Self:
        """The same explanation with its relevance carried to `domain`, at no more LRP.

        `domain` is one or its name, as in `Model.explain`. The ledger has a line for the layer in
        between. Raises `SpectrumError` where this network's relevance cannot be carried to it, or
        for what is no domain.
        """
        domain = self.front.as_domain(domain)
        if domain == self.domain:
            return self
        begun = time.perf_counter()
        own = self.layers["input"][0]
        entries = self.ledger.entries[: None if self.domain.layer is None else -1]
        relevance = np.ascontiguousarray(domain.carry(self.input, own))
        return replace(
            self,
            domain=domain,
            relevance=relevance,
            ledger=Ledger(entries + _carried(domain, self.input, own, relevance)),
            seconds=self.seconds + time.perf_counter() - begun,
        )

    within = in_domain  # its name up to version 0.1

    def sound(
        self, sound: Sound = "weighted", sign: Sign = "for", rate: int | None = None
    ) -> NDArray[np.float32]:
        """What spoke for the class, or against it, at `rate` Hz, by default the recording's own.

        ``weighted`` is as loud as it is relevant (peak 0.99), ``masked`` as loud as the clip.
        Raises `LrpAudioError` for another `sound` or `sign`, or for a `rate` that is no sound's.
        """
        one_of(sound, get_args(Sound), "sound")
        one_of(sign, get_args(Sign), "sign")
        rate = self.clip.source_rate if rate is None else rate
        rate = whole_number(rate, "The rate of a sound in Hz", MIN_RATE, MAX_RATE)
        samples = self.clip.samples
        heard = self.domain.heard(speaking(self.relevance, sign), samples)
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
        ``summary.json`` also the `settings`.
        All four are made aside and then moved in, so that none is ever seen half written; files of
        these names are replaced. Returns the folder; raises `LrpAudioError` where it cannot be
        written or where relevance, logits or ledger are not finite.
        """
        folder = as_path(folder, "the folder for the results")
        self._require_finite()
        heard = self.sound(sound, sign)
        try:
            with staged(folder) as aside:
                self._write(aside, heard, layers, settings)
        except (OSError, soundfile.SoundFileError) as error:
            reason = getattr(error, "strerror", None) or error
            raise LrpAudioError(
                f"The results cannot be written to {folder} ({reason}): choose another folder "
                "with --out, or free it."
            ) from error
        return folder

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
        target, best = self.classes[self.target], self.classes[self.predicted]
        title = f"{Path(self.clip.name).name}: relevance for “{target}” (heard as “{best}”)"
        samples = self.clip.samples
        save_heatmap(folder / "heatmap.png", samples, self.relevance, self.domain, title)
        with (folder / "audible.wav").open("wb") as file:
            soundfile.write(file, sound, self.clip.source_rate, subtype="PCM_16", format="WAV")
        # ReLUs and silence leave many zeros: every layer takes a fifth, for 0.3 s.
        np.savez_compressed(folder / "relevance.npz", **self._arrays(layers))
        summary = self.summary() | ({} if settings is None else {"settings": settings})
        text = json.dumps(summary, indent=2, allow_nan=False)
        (folder / "summary.json").write_text(text + "\n", encoding="utf-8")

    def _arrays(self, layers: bool) -> dict[str, Any]:
        """Relevance in the precision of the network, its axes, input and rate; and every layer's.

        Domains that relevance is carried to compute in float64, of which more is noise.
        """
        precision = self.input.dtype
        fits = np.abs(self.relevance).max(initial=0) <= np.finfo(precision).max
        arrays: dict[str, Any] = {
            "relevance": self.relevance.astype(precision) if fits else self.relevance,
            "input": self.input,
            "rate": np.int64(self.clip.rate),
            **self.domain.axes(len(self.clip.samples)),
        }
        if layers:
            # In one order of axes, however they lie in memory: the same numbers are the same file.
            arrays |= {f"layer_{n}": np.ascontiguousarray(of) for n, of in self.layers.items()}
        return arrays


def _carried(
    domain: Domain, x: NDArray[Any], before: NDArray[Any], after: NDArray[Any]
) -> tuple[Entry, ...]:
    """The ledger's line of the layer between the network's input and `domain`, if there is one."""
    if domain.layer is None:
        return ()
    amounts = (
        before.sum(dtype=np.float64),
        after.sum(dtype=np.float64),
        0.0,
        0.0,
        dropped_relevance(x, before),
    )
    return (Entry(domain.layer, "lrp-0", *(np.array([float(a)]) for a in amounts)),)
