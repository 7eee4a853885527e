"""Spoken English digits by the free synthesisers espeak-ng and flite, in FSDD's file layout.

FSDD has no female speaker; these clips add women and more men to a training set. Every clip is
``{digit}_{voice}_{index}.wav``, 8 kHz, 16-bit mono, without silence at its ends. Indices start at
5, because by FSDD's convention those from 0 to 4 are test recordings.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.encoding import wav
from lrp_audio.audio.files import decode_stream
from lrp_audio.commands.options import Parser, path, whole
from lrp_audio.commands.run import run
from lrp_audio.commands.text import printable
from lrp_audio.commands.writing import sole_writer
from lrp_audio.data.recording import WORDS
from lrp_audio.data.speakers import (
    ESPEAK_ACCENTS,
    ESPEAK_VARIANTS,
    FLITE_VOICES,
    SEXES,
    Sex,
    espeak_name,
    flite_name,
)
from lrp_audio.errors import LrpAudioError
from lrp_audio.files import make_folder, write_bytes_aside

RATE = 8000
FIRST_INDEX = 5
FLITE_SHARE = 0.2
"""Share of flite among the clips of one digit and sex; the others are by espeak-ng."""

_ESPEAK_PITCH: dict[Sex, tuple[int, int]] = {"female": (45, 85), "male": (35, 99)}
_ESPEAK_SPEED = (115, 205)
# rms ignores the pitch target, so that only the stretch below distinguishes it from its default.
_FLITE_PITCH: dict[str, tuple[int, int]] = {
    "slt": (170, 230),
    "kal16": (80, 130),
    "awb": (90, 140),
    "rms": (80, 120),
}
# Neither range contains 1, the default, which is reserved for the bundled example clips.
_FLITE_STRETCH = ((0.75, 0.93), (1.07, 1.35))
_SILENCE = 0.01
_FRAME = RATE // 100
_MARGIN = RATE // 50


@dataclass(frozen=True)
class Voice:
    """One synthetic voice: its name in file names, its program, sex and command-line arguments."""

    name: str
    program: Literal["espeak-ng", "flite"]
    sex: Sex
    arguments: tuple[str, ...]

    def command(self, word: str, extra: Sequence[str] = ()) -> list[str]:
        """The command line that writes `word`, spoken, to stdout as WAV."""
        if self.program == "flite":
            return ["flite", *self.arguments, *extra, "-t", word, "-o", "/dev/stdout"]
        return ["espeak-ng", *self.arguments, *extra, "--stdout", word]

    def random_arguments(self, rng: np.random.Generator) -> list[str]:
        """Arguments for a random pitch and speed, which are never flite's defaults."""
        if self.program == "flite":
            pitch = rng.integers(*_FLITE_PITCH[self.arguments[1]], endpoint=True)
            stretch = rng.uniform(*_FLITE_STRETCH[rng.integers(len(_FLITE_STRETCH))])
            target = f"int_f0_target_mean={pitch}"
            return ["--seti", target, "--setf", f"duration_stretch={stretch:.3f}"]
        pitch = rng.integers(*_ESPEAK_PITCH[self.sex], endpoint=True)
        speed = rng.integers(*_ESPEAK_SPEED, endpoint=True)
        return ["-p", str(pitch), "-s", str(speed)]


def flite_voice(name: str, sex: Sex) -> Voice:
    """The built-in voice `name` of flite at its default pitch and speed."""
    return Voice(flite_name(name), "flite", sex, ("-voice", name))


def _espeak_voice(accent: str, variant: str, sex: Sex) -> Voice:
    name = espeak_name(variant, sex, accent)
    return Voice(name, "espeak-ng", sex, ("-v", f"{accent}+{variant}"))


def voices() -> tuple[Voice, ...]:
    """Every voice of the training set, those of espeak-ng first."""
    espeak = [
        _espeak_voice(accent, variant, sex)
        for sex in SEXES
        for accent in ESPEAK_ACCENTS
        for variant in ESPEAK_VARIANTS[sex]
    ]
    flite = [flite_voice(name, sex) for sex in SEXES for name in FLITE_VOICES[sex]]
    return (*espeak, *flite)


def require_programs(*programs: str) -> None:
    """Raise `LrpAudioError`, with the Debian packages to install, where `programs` are missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise LrpAudioError(
            f"Not found: the speech synthesiser {' and '.join(missing)}; install the Debian "
            f"package of the same name: apt-get install {' '.join(missing)}."
        )


def trim_silence(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """`signal` ``(time,)`` at 8 kHz without the silence at its ends, of which 20 ms are kept."""
    frames = signal[: signal.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    energy = np.sqrt(np.mean(frames**2, axis=1))
    loud = np.flatnonzero(energy > _SILENCE * energy.max(initial=0.0))
    if loud.size == 0:
        return signal[:0]
    start = max(int(loud[0]) * _FRAME - _MARGIN, 0)
    return signal[start : (int(loud[-1]) + 1) * _FRAME + _MARGIN]


def speak(voice: Voice, digit: int, target: Path, extra: Sequence[str] = ()) -> None:
    """Write `digit`, spoken by `voice`, to the WAV file `target`, which appears as a whole."""
    from scipy.signal import resample_poly

    # Through a pipe: neither program notices that a file is cut off, as by a full disk.
    done = subprocess.run(voice.command(WORDS[digit], extra), capture_output=True, check=False)
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip()
        raise LrpAudioError(
            f"{voice.program} could not speak with {voice.name}: "
            f"{said or f'exit code {done.returncode}'}."
        )
    spoken = decode_stream(BytesIO(done.stdout), f"the output of {voice.program}")
    clip = trim_silence(resample_poly(spoken.samples.astype(np.float64), RATE, spoken.rate))
    if clip.size == 0:
        raise LrpAudioError(f"{voice.program} made only silence with {voice.name}.")
    write_bytes_aside(target, wav(np.clip(clip, -1.0, 1.0), RATE))


@dataclass(frozen=True)
class _Job:
    voice: Voice
    digit: int
    name: str
    extra: tuple[str, ...]


def _plan(seed: int, count_per_digit: int) -> list[_Job]:
    """Draw the voice and arguments of each clip: half are female, and voices are used equally."""
    rng = np.random.default_rng(seed)
    jobs: list[_Job] = []
    seen: Counter[tuple[int, str]] = Counter()
    for sex, total in (
        ("female", (count_per_digit + 1) // 2),
        ("male", count_per_digit // 2),
    ):
        members = [voice for voice in voices() if voice.sex == sex]
        flite_count = round(total * FLITE_SHARE)
        for program, wanted in (("flite", flite_count), ("espeak-ng", total - flite_count)):
            pool = [voice for voice in members if voice.program == program]
            turns = 0
            for digit in range(10):
                for _ in range(wanted):
                    if turns % len(pool) == 0:
                        rng.shuffle(pool)
                    voice = pool[turns % len(pool)]
                    turns += 1
                    index = FIRST_INDEX + seen[digit, voice.name]
                    seen[digit, voice.name] += 1
                    extra = tuple(voice.random_arguments(rng))
                    jobs.append(_Job(voice, digit, f"{digit}_{voice.name}_{index}.wav", extra))
    return jobs


def make_voices(out: Path, seed: int = 0, count_per_digit: int = 240) -> int:
    """Write `count_per_digit` clips of each digit into `out`; returns the number of clips."""
    require_programs("espeak-ng", "flite")
    jobs = _plan(seed, count_per_digit)
    make_folder(out)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda job: speak(job.voice, job.digit, out / job.name, job.extra), jobs))
    return len(jobs)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``python -m lrp_audio.data.voices``."""
    return run(partial(_main, arguments), "give the same command again to make all of them")


def _main(arguments: Sequence[str] | None) -> int:
    parser = Parser(
        prog="python -m lrp_audio.data.voices",
        description="Synthesise spoken English digits with espeak-ng and flite.",
    )
    parser.add_argument("out", metavar="OUT", type=path, help="folder for the WAV files")
    parser.add_argument("--seed", type=whole, default=0, help="same seed, same files (default 0)")
    parser.add_argument(
        "--count-per-digit", type=whole, default=240, metavar="N", help="default %(default)s"
    )
    options = parser.parse_args(arguments)
    if options.count_per_digit < 1 or options.seed < 0:
        parser.error("--count-per-digit must be at least 1 and --seed at least 0")
    with sole_writer(options.out):
        count = make_voices(options.out, options.seed, options.count_per_digit)
    print(f"{count} clips in {printable(options.out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
