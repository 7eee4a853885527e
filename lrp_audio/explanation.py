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

from lrp_audio.audio.audible import Sign, Sound, at_rate, masked, speaking, weighted
from lrp_audio.audio.clip import Clip
from lrp_audio.audio.domain import Domain
from lrp_audio.audio.spectral import dropped_relevance
from lrp_audio.errors import ClipError, LrpAudioError, SpectrumError
from lrp_audio.files import staged
from lrp_audio.report.picture import save_picture
from lrp_audio.rules.ledger import Entry, Ledger


@dataclass(frozen=True, eq=False)
class Explanation:
    """The relevance of one clip for one class of one model.

    ``clip`` is the clip as fitted, ``input`` what the network hears of it (normalised samples
    ``(time,)`` or decibels ``(frequency, time)``), ``logits`` has shape ``(classes,)``, ``target``
    indexes the explained class. ``relevance`` lies on the axes of ``domain``. ``layers`` maps each
    layer's name to the relevance at its output, and ``"input"`` to that of the network's input,
    without a batch axis; ``ledger`` holds a batch of one. ``seconds`` is how long it took.
    """

    model: str
    rules: str
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

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Softmax of the logits, ``(classes,)``."""
        powers = np.exp(self.logits.astype(np.float64) - float(self.logits.max()))
        return np.asarray(powers / powers.sum())

    @property
    def predicted(self) -> int:
        """Index of the class with the largest logit."""
        return int(self.logits.argmax())

    def top(self, k: int = 3) -> list[tuple[str, float, float]]:
        """Class, logit and probability of the ``k`` likeliest classes, best first."""
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

    def within(self, domain: Domain) -> Self:
        """The same explanation with its relevance carried on to `domain`, at no more LRP.

        The ledger has a line for the layer in between. Raises `SpectrumError` where a spectrogram
        network's relevance would have to go to another domain than its own.
        """
        if domain == self.domain:
            return self
        if self.input.ndim != 1:
            raise SpectrumError(
                f"The relevance of {self.model}, which hears spectrograms, cannot be carried to "
                f"{domain.name}: take a waveform network such as audionet-digit."
            )
        begun = time.perf_counter()
        own = self.layers["input"][0]
        entries = self.ledger.entries[: None if self.domain.layer is None else -1]
        relevance = domain.carry(self.input, own)
        return replace(
            self,
            domain=domain,
            relevance=relevance,
            ledger=Ledger(entries + _carried(domain, self.input, own, relevance)),
            seconds=self.seconds + time.perf_counter() - begun,
        )

    def sound(
        self, sound: Sound = "weighted", sign: Sign = "for", rate: int | None = None
    ) -> NDArray[np.float32]:
        """What spoke for the class, or against it, at `rate` Hz, by default the recording's own.

        ``weighted`` is as loud as it is relevant (peak 0.99), ``masked`` as loud as the clip.
        Raises `LrpAudioError` for another `sound` or `sign`.
        """
        samples = self.clip.samples
        heard = self.domain.heard(speaking(self.relevance, sign), samples)
        if sound not in get_args(Sound):
            raise LrpAudioError(f"There is no sound {sound!r}: choose weighted or masked.")
        levelled = weighted(heard) if sound == "weighted" else masked(heard, samples)
        return at_rate(levelled, self.clip.source_rate if rate is None else rate)

    def save(
        self,
        folder: str | os.PathLike[str],
        sound: Sound = "weighted",
        sign: Sign = "for",
        settings: Mapping[str, object] | None = None,
    ) -> Path:
        """Write heatmap.png, audible.wav, relevance.npz and summary.json into ``folder``.

        ``audible.wav`` holds ``self.sound(sound, sign)``, ``summary.json`` also the `settings`.
        All four are made aside and then moved in, so that none is ever seen half written; files of
        these names are replaced. Returns the folder; raises `LrpAudioError` where it cannot be
        written or where relevance, logits or ledger are not finite.
        """
        folder = Path(folder)
        self._require_finite()
        try:
            with staged(folder) as aside:
                self._write(aside, self.sound(sound, sign), settings)
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
        self, folder: Path, sound: NDArray[np.float32], settings: Mapping[str, object] | None
    ) -> None:
        target, best = self.classes[self.target], self.classes[self.predicted]
        title = f"{Path(self.clip.name).name}: relevance for “{target}” (heard as “{best}”)"
        save_picture(
            folder / "heatmap.png",
            self.clip.samples,
            self.clip.rate,
            self.relevance,
            self.domain,
            title,
        )
        with (folder / "audible.wav").open("wb") as file:
            soundfile.write(file, sound, self.clip.source_rate, subtype="PCM_16", format="WAV")
        arrays: dict[str, Any] = {
            "relevance": self.relevance,
            "input": self.input,
            "rate": np.int64(self.clip.rate),
            **self.domain.axes(len(self.clip.samples)),
        }
        arrays |= {f"layer_{name}": values for name, values in self.layers.items()}
        np.savez(folder / "relevance.npz", **arrays)
        summary = self.summary() | ({} if settings is None else {"settings": settings})
        text = json.dumps(summary, indent=2, allow_nan=False)
        (folder / "summary.json").write_text(text + "\n", encoding="utf-8")


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
