"""``python -m benchmarks.sung_vowel``: does a pitch network's relevance lie at the harmonics?

Needs a folder with a network over samples that estimates pitch, such as CREPE;
docs/published-networks.md says how to make one. For vowels sung at several pitches, DFT-LRP carries
the relevance for the predicted pitch to frequencies. The table holds the share of it that lies
within one bin of a harmonic against the shares of energy and of bins. As a control, whispered
vowels, which have no harmonics, are explained for the same pitch and for the other ones: only what
the network looks for can make the difference.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

import lrp_audio
from lrp_audio.commands.text import aligned
from lrp_audio.drawing.spectrum import spectrum_figure

RATE = 16000
PITCHES = (110.0, 165.0, 220.0, 330.0, 440.0)
RULES = ("epsilon-plus", "epsilon", "epsilon-alpha2-beta1")
# Frequencies and bandwidths in Hz of the formants of an open "ah" (Peterson and Barney 1952).
FORMANTS = ((730, 80), (1090, 90), (2440, 120), (3400, 150))
_WHISPERS = 24
_SHOWN = 2500  # Hz: above, there is next to nothing

Amount = Callable[[lrp_audio.Explanation], NDArray[np.float64]]


def main() -> None:
    """Explain vowels at each pitch under each composite, print the shares, draw one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="folder of a pitch network over samples")
    parser.add_argument("--pitches", type=float, nargs="+", default=PITCHES, metavar="HZ")
    parser.add_argument("--rules", nargs="+", default=RULES, metavar="COMPOSITE")
    parser.add_argument("--out", type=Path, help="picture of the vowel sung at --drawn Hz")
    parser.add_argument("--drawn", type=float, default=220.0, metavar="HZ")
    args = parser.parse_args()
    model = lrp_audio.load(args.model)
    whispers = [(whispered(seed), RATE) for seed in range(_WHISPERS)]
    rows = []
    for rules in args.rules:
        vowels = {
            pitch: model.explain((sung(pitch), RATE), rules=rules, domain="frequency")
            for pitch in args.pitches
        }
        noise = {
            pitch: model.explain_batch(whispers, of.target, rules, "frequency")
            for pitch, of in vowels.items()
        }
        for pitch, of in vowels.items():
            others = [each for other in noise if other != pitch for each in noise[other]]
            amounts = (([of], relevant), ([of], energy), (noise[pitch], relevant))
            amounts += ((others, relevant), (noise[pitch], energy), ([of], one))
            figures = (f"{100 * share(*each, pitch):.0f} %" for each in amounts)
            rows.append((rules, f"{pitch:g} Hz", of.target_name, *figures))
    header = ("composite", "sung", "predicted", "relevance", "energy")
    print("share within one bin of a harmonic: sung; whispered, for this pitch and for others")
    print(aligned([(*header, "for this", "for others", "energy", "bins"), *rows], left=1))
    if args.out is not None:
        draw(model, args.drawn, args.rules[0], args.out)


def sung(pitch: float, seconds: float = 1.0) -> NDArray[np.float64]:
    """A vowel sung at `pitch` Hz: pulses of the glottis through formants, at 16 kHz."""
    cycles = pitch * np.arange(int(seconds * RATE)) / RATE
    return _voiced(np.diff(np.floor(cycles), prepend=0.0))


def whispered(seed: int, seconds: float = 1.0) -> NDArray[np.float64]:
    """The same vowel with noise in place of the pulses, at 16 kHz."""
    return _voiced(np.random.default_rng(seed).normal(size=int(seconds * RATE)))


def _voiced(source: NDArray[np.float64]) -> NDArray[np.float64]:
    sound = lfilter([1.0], [1.0, -1.9, 0.9025], source)  # a glottis falls by 12 dB an octave
    sound = np.diff(sound, prepend=0.0)  # and lips radiate the derivative
    for frequency, bandwidth in FORMANTS:
        radius = np.exp(-np.pi * bandwidth / RATE)
        feedback = [1.0, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2]
        sound = lfilter([sum(feedback)], feedback, sound)
    return np.asarray(0.5 * sound / np.abs(sound).max())


def relevant(explained: lrp_audio.Explanation) -> NDArray[np.float64]:
    """The relevance for the target in each bin."""
    return np.maximum(explained.relevance, 0)


def energy(explained: lrp_audio.Explanation) -> NDArray[np.float64]:
    """The energy of each bin."""
    return np.asarray(np.abs(np.fft.rfft(explained.clip.samples)) ** 2)


def one(explained: lrp_audio.Explanation) -> NDArray[np.float64]:
    """1 for each bin."""
    return np.ones(len(explained.relevance))


def share(explained: Sequence[lrp_audio.Explanation], amount: Amount, pitch: float) -> float:
    """The share of an `amount` that lies within one bin of a harmonic of `pitch`, on average."""
    found = []
    for each in explained:
        frequencies = each.domain.axes(len(each.clip.samples))["frequencies"]
        harmonics = np.arange(pitch, frequencies[-1], pitch)
        nearest = np.rint(harmonics / frequencies[1]).astype(int)
        near = np.isin(np.arange(len(frequencies)), np.add.outer(nearest, (-1, 0, 1)))
        values = amount(each)
        found.append(values[near].sum() / values.sum())
    return float(np.mean(found))


def draw(model: lrp_audio.Model, pitch: float, rules: str, path: Path) -> None:
    """Write the picture of a vowel's spectrum and relevance, with its harmonics marked."""
    explained = model.explain((sung(pitch), RATE), rules=rules, domain="frequency")
    samples = explained.clip.samples
    frequencies = explained.domain.axes(len(samples))["frequencies"]
    shown = frequencies <= _SHOWN
    levels = explained.domain.shown(samples)
    title = f"A vowel sung at {pitch:g} Hz: relevance for “{explained.target_name}”"
    figure = spectrum_figure(levels[shown], explained.relevance[shown], frequencies[shown], title)
    for axes in figure.axes[:2]:
        for harmonic in np.arange(pitch, _SHOWN, pitch):
            axes.axvline(harmonic, color="0.6", linewidth=0.6, linestyle=":", zorder=0)
    figure.savefig(path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
