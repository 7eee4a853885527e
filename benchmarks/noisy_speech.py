"""``python -m benchmarks.noisy_speech``: which part of a recording does a quality network rate?

Needs a folder with a network that gives one value for a recording, such as DNSMOS;
docs/published-networks.md says how to make one. Bundled words are said once a second and explained
clean and with white noise. Words and pauses, and frequencies below and above 4 kHz, where these
recordings hold nothing, tell speech from noise.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

import lrp_audio
from lrp_audio.commands.text import aligned

RATE = 16000
SECONDS = 9
CLIPS = ("7_female", "3_male")
_EDGE = 4000  # Hz: half the rate of the bundled recordings
_FLOOR = 1e-4  # of full scale: the noise of a quiet room, without which pauses would be digital


def main() -> None:
    """Print the value of each recording and where its relevance lies; save what is heard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="folder of a network that gives one value")
    parser.add_argument("--snr", type=float, nargs="+", default=(20.0, 10.0, 0.0), metavar="DB")
    parser.add_argument("--rules", help="default: the model's own")
    parser.add_argument("--out", type=Path, help="folder for pictures and sounds")
    args = parser.parse_args()
    model = lrp_audio.load(args.model)
    rows = []
    for name in CLIPS:
        for snr in (np.inf, *args.snr):
            samples, speech = recording(name, snr)
            explained = model.explain((samples, RATE), rules=args.rules)
            noise = "none" if snr == np.inf else f"{snr:g} dB"
            rows.append((name, noise, *figures(explained, speech)))
            if args.out is not None:
                explained.save(args.out / f"{name}_{noise.replace(' ', '')}", sound="masked")
    header = ("word", "noise", "value", "sum", "for, in words", "against, in words", "words")
    edge = f"{_EDGE // 1000} kHz"
    print(aligned([(*header, f"for, above {edge}", f"against, above {edge}"), *rows], left=1))


def recording(name: str, snr: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """A bundled word said once a second in white noise, at 16 kHz, and where it is said."""
    samples, rate = soundfile.read(lrp_audio.example(name))
    word = resample_poly(samples, RATE, rate)[:RATE]
    speech = np.tile(np.arange(RATE) < len(word), SECONDS)
    sound = np.tile(np.pad(word, (0, RATE - len(word))), SECONDS)
    level = np.sqrt(np.mean(word**2)) * 10 ** (-snr / 20)
    noise = np.random.default_rng(0).normal(size=len(sound))
    sound = sound + (level + _FLOOR) * noise
    return 0.9 * sound / np.abs(sound).max(), speech


def figures(explained: lrp_audio.Explanation, speech: NDArray[np.bool_]) -> tuple[str, ...]:
    """Value, sum of relevance, and the shares for and against it in words and above 4 kHz."""
    relevance = explained.relevance
    axes = explained.domain.axes(len(explained.clip.samples))
    at = np.clip((axes["times"] * RATE).astype(int), 0, len(speech) - 1)
    words, high = speech[at], axes["frequencies"] > _EDGE
    signed = np.maximum(relevance, 0), np.maximum(-relevance, 0)
    shares = [
        *(of[:, words].sum() / of.sum() for of in signed),
        words.mean(),
        *(of[high].sum() / of.sum() for of in signed),
    ]
    value = float(explained.logits[explained.target])
    return f"{value:.2f}", f"{relevance.sum():.2f}", *(f"{100 * of:.0f} %" for of in shares)


if __name__ == "__main__":
    main()
