"""``python -m benchmarks.spectral``: time of DFT-LRP, and where a masked sound is."""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import lrp_audio
from lrp_audio.audio.audible import Sign, in_time_frequency, speaking
from lrp_audio.audio.clip import RATE
from lrp_audio.audio.spectral import frequency_relevance, time_frequency_relevance
from lrp_audio.audio.spectrogram import PUBLISHED
from lrp_audio.audio.stft import Stft
from lrp_audio.report.table import aligned

TRANSFORMS = (PUBLISHED, Stft(256, 64, RATE))
SIGNS: tuple[Sign, ...] = ("for", "against")
# Bins this far below the loudest one hold hardly more than what leaks into them.
_HEARD = 10 ** (-20 / 20)


def main() -> None:
    """Carry one clip's relevance on to its spectra, time it, and listen where it was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="audionet-digit")
    parser.add_argument("--clip", default="7_female", help="name of a bundled clip")
    parser.add_argument("--rules", default="epsilon-plus")
    parser.add_argument("--repeats", type=int, default=51)
    args = parser.parse_args()
    model = lrp_audio.load(args.model)
    explanation = model.explain(lrp_audio.example(args.clip), rules=args.rules)
    print(aligned([("DFT-LRP", "median ms"), *_timings(explanation, args.repeats)], left=1))
    rows = [
        (_name(stft), sign, *(f"{figure:.2f}" for figure in _kept(explanation, stft, sign)))
        for stft in TRANSFORMS
        for sign in SIGNS
    ]
    header = ("correlations under the mask", "", "|Z_y|, mask |Z_x|", "|Z_y| / |Z_x|, mask (heard)")
    print(aligned([header, *rows], left=2))


def _timings(explanation: lrp_audio.Explanation, repeats: int) -> list[tuple[str, str]]:
    x, relevance = explanation.input, explanation.relevance
    rows = [("frequency", _median_ms(lambda: frequency_relevance(x, relevance), repeats))]
    for stft in TRANSFORMS:

        def carry_on(stft: Stft = stft) -> NDArray[np.float64]:
            return time_frequency_relevance(x, relevance, stft)

        rows.append((_name(stft), _median_ms(carry_on, repeats)))
    return [(name, f"{value:.2f}") for name, value in rows]


def _median_ms(work: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return 1000 * statistics.median(seconds)


def _kept(explanation: lrp_audio.Explanation, stft: Stft, sign: Sign) -> tuple[float, float]:
    """Correlations over bins: of wanted and found magnitudes, and of the mask and the gain."""
    x = explanation.clip.samples
    relevance = time_frequency_relevance(explanation.input, explanation.relevance, stft)
    mask = speaking(relevance, sign)
    before = np.abs(stft.spectra(x))
    after = np.abs(stft.spectra(in_time_frequency(mask, x, stft)))
    heard = before > _HEARD * before.max()
    return (
        _correlation(after, mask * before),
        _correlation(after[heard] / before[heard], mask[heard]),
    )


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def _name(stft: Stft) -> str:
    return f"window {stft.window}, hop {stft.hop}"


if __name__ == "__main__":
    main()
