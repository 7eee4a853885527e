"""``python -m benchmarks.listening``: does a sex model use the voice or the room?

For each held-out recording, the relevance of its own class is transformed to time-frequency.
Printed by corpus and sex: the share of power and of positive relevance below 300 Hz
(where the fundamental of a voice lies, and the hum of a room), and in pauses: frames that are 20 dB
or more below the loudest one, above 300 Hz. Relevance in pauses that contain sound comes from the
room, not from the voice. The band above 3300 Hz depends more on the channel than on the voice.

Then a test of what this suggests: accuracy when bands are removed from the same recordings.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

import lrp_audio
from lrp_audio.commands.text import aligned
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.reading import read
from lrp_audio.data.recording import Recording
from lrp_audio.data.strangers import speaker_list
from lrp_audio.fronts.spectrogram import Picture
from lrp_audio.model import Model
from lrp_audio.types import Array

_HERTZ = Picture().axes(8000)["frequencies"]
_LOW = 300.0
_EDGE = 3300.0
_PAUSE_DB = 20.0
_BATCH = 8
_KEPT = ((0, 4000), (0, 3200), (0, 900), (100, 4000), (300, 4000))  # Hz


def main() -> None:
    """Explain held-out recordings and print where the relevance is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="alexnet-sex")
    parser.add_argument("--data", nargs="+", type=Path, required=True, metavar="DIR")
    parser.add_argument("--hold-out", nargs="*", default=[], metavar="SPEAKER")
    parser.add_argument("--rules", help="default: the model's own")
    parser.add_argument("--most", type=int, default=40, help="recordings of a corpus and sex")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw the mean by frequency")
    args = parser.parse_args()
    model = lrp_audio.load(args.model)
    chosen = _chosen(find_recordings(args.data), args.hold_out, args.most)
    shares: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
    spectra: dict[str, list[Array]] = defaultdict(list)
    for first in tqdm(range(0, len(chosen), _BATCH), unit="batch", leave=False):
        batch = chosen[first : first + _BATCH]
        for sex in sorted({r.sex for r in batch if r.sex}):
            mine = [r for r in batch if r.sex == sex]
            explained = model.explain_batch(
                [read(r, model.front.rate) for r in mine],
                target=sex,
                rules=args.rules,
                domain="time-frequency",
            )
            for recording, explanation in zip(mine, explained, strict=True):
                power, relevance = _pictures(explanation)
                shares[recording.corpus, sex].append(_shares(power, relevance))
                spectra[sex].append(relevance.sum(axis=1) / max(relevance.sum(), 1e-30))
    header = ("corpus", "sex", "clips", "power < 300 Hz", "relevance < 300 Hz")
    header += ("relevance > 3300 Hz", "frames in pauses", "power in pauses", "relevance in pauses")
    rows = [
        (corpus, sex, str(len(found)), *(f"{share:.1%}" for share in np.mean(found, axis=0)))
        for (corpus, sex), found in sorted(shares.items())
    ]
    print(aligned([header, *rows], left=2))
    print(f"\n{aligned(_accuracy_by_band(model, chosen), left=2)}")
    if args.figure:
        _draw({sex: np.mean(found, axis=0) for sex, found in spectra.items()}, args)


def _chosen(recordings: tuple[Recording, ...], held_out: list[str], most: int) -> list[Recording]:
    """At most `most` held-out recordings of each corpus and sex, spread over the speakers."""
    groups: dict[tuple[str, str], list[Recording]] = defaultdict(list)
    for recording in speaker_list().unseen("sex", recordings, held_out):
        groups[recording.corpus, str(recording.sex)].append(recording)
    return [r for group in groups.values() for r in group[:: -(-len(group) // most)]]


def _accuracy_by_band(model: Model, chosen: list[Recording]) -> list[Sequence[str]]:
    """Share of recordings classified correctly, by corpus and sex, from one band of them only."""
    right: dict[tuple[str, str], list[list[bool]]] = defaultdict(list)
    hertz = np.fft.rfftfreq(model.front.length, 1 / model.front.rate)
    for recording in tqdm(chosen, leave=False):
        spectrum = np.fft.rfft(model.front.fit(read(recording, model.front.rate)).samples)
        bands = [spectrum * ((hertz >= low) & (hertz <= high)) for low, high in _KEPT]
        inputs = np.stack([model.front(np.fft.irfft(band)) for band in bands])
        predicted = model.network.forward(inputs.astype(model.dtype)).argmax(axis=1)
        true = model.classes.index(str(recording.sex))
        right[recording.corpus, str(recording.sex)].append((predicted == true).tolist())
    header = ("kept", "", *(f"{low} to {high} Hz" for low, high in _KEPT))
    shares = sorted((group, np.mean(found, axis=0)) for group, found in right.items())
    return [header, *((*group, *(f"{s:.0%}" for s in share)) for group, share in shares)]


def _pictures(explanation: lrp_audio.Explanation) -> tuple[Array, Array]:
    """Power and positive relevance of the bins of the published spectrogram, ``(227, 227)``."""
    picture, relevance = Picture(), np.maximum(explanation.relevance, 0)
    if explanation.front.domain != picture:  # a waveform network's, of all bins and frames
        relevance = picture.cropped(relevance)
    spectra = picture.cropped(picture.stft.spectra(explanation.clip.samples))
    return np.abs(spectra) ** 2, relevance


def _shares(power: Array, relevance: Array) -> tuple[float, ...]:
    low, edge = _HERTZ < _LOW, _HERTZ > _EDGE
    level = power[~low].sum(axis=0)
    pause = level < level.max() * 10 ** (-_PAUSE_DB / 10)
    total = max(float(relevance.sum()), 1e-30)
    return (
        float(power[low].sum() / power.sum()),
        float(relevance[low].sum() / total),
        float(relevance[edge].sum() / total),
        float(pause.mean()),
        float(power[:, pause].sum() / power.sum()),
        float(relevance[:, pause].sum() / total),
    )


def _draw(means: dict[str, Array], args: argparse.Namespace) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for (sex, mean), colour in zip(sorted(means.items()), ("#c1440e", "#2f7fc1"), strict=False):
        axes.plot(_HERTZ, 100 * mean, color=colour, label=sex)
    axes.set_xlim(0, 4000)
    axes.set_xlabel("frequency in Hz")
    axes.set_ylabel("positive relevance in % per row")
    axes.legend(frameon=False, title=f"{args.model}, held-out voices")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(args.figure)


if __name__ == "__main__":
    main()
