"""``python -m benchmarks.spectral``: time of DFT-LRP, and how well masked sounds fit the mask."""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import lrp_audio
from lrp_audio.audio.audible import Sign, speaking
from lrp_audio.audio.spectral import frequency_relevance, time_frequency_relevance
from lrp_audio.audio.stft import Stft
from lrp_audio.commands.text import aligned
from lrp_audio.fronts.spectrogram import PUBLISHED
from lrp_audio.models.zoo import shipped

TRANSFORMS = (PUBLISHED, Stft(256, 64, PUBLISHED.length))
SIGNS: tuple[Sign, ...] = ("for", "against")
# Fainter bins contain little more than leakage.
_HEARD = 10 ** (-20 / 20)


def main() -> None:
    """Time DFT-LRP on one clip; mask the bundled clips by every shipped model's relevance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", help="default: each model's own")
    parser.add_argument("--repeats", type=int, default=51)
    args = parser.parse_args()
    explanation = lrp_audio.load("audionet-digit").explain(lrp_audio.example(), rules=args.rules)
    print(aligned([("DFT-LRP", "median ms"), *_timings(explanation, args.repeats)], left=1))
    rows = []
    for name in shipped():
        model = lrp_audio.load(name)
        clips = sorted(lrp_audio.example().parent.glob("*.wav"))
        explained = [model.explain(c, rules=args.rules, domain="time-frequency") for c in clips]
        for sign in SIGNS:
            audible = [e for e in explained if e.sound(sign=sign).any()]
            figures = np.median([_kept(e, sign) for e in audible], axis=0) if audible else ()
            rows.append((name, sign, str(len(audible)), *(f"{figure:.2f}" for figure in figures)))
    header = (
        "median over audible clips",
        "",
        "clips",
        "|Z_y|, mask |Z_x|",
        "|Z_y| / |Z_x|, mask (heard)",
    )
    print("\ncorrelation of the sound masked in time-frequency, analysed again, with its mask")
    print(aligned([header, *rows], left=2))


def _timings(explanation: lrp_audio.Explanation, repeats: int) -> list[tuple[str, str]]:
    x, relevance = explanation.input, explanation.relevance
    rows = [("frequency", _median_ms(lambda: frequency_relevance(x, relevance), repeats))]
    for stft in TRANSFORMS:

        def carry_on(stft: Stft = stft) -> NDArray[np.float64]:
            return time_frequency_relevance(x, relevance, stft)

        name = f"window {stft.win_length}, hop {stft.hop_length}"
        rows.append((name, _median_ms(carry_on, repeats)))
    return [(name, f"{value:.2f}") for name, value in rows]


def _median_ms(work: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return 1000 * statistics.median(seconds)


def _kept(explanation: lrp_audio.Explanation, sign: Sign) -> tuple[float, float]:
    """Correlations over bins: of wanted and found magnitudes, and of the mask and the gain."""
    domain, x = explanation.domain, explanation.clip.samples
    own = explanation.front.time_frequency
    mask = speaking(explanation.relevance, sign)
    wanted = own.uncropped(mask)
    before = np.abs(own.stft.spectra(x))
    after = np.abs(own.stft.spectra(domain.heard(mask, x)))
    heard = before > _HEARD * before.max()
    return (
        _correlation(after, wanted * before),
        _correlation(after[heard] / before[heard], wanted[heard]),
    )


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


if __name__ == "__main__":
    main()
