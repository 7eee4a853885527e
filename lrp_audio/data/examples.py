"""The bundled example clips: the ten digits, spoken by one female and one male voice of flite.

Both voices have their default pitch and speed, which are never used for training voices.
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from lrp_audio.commands.options import Parser, path
from lrp_audio.commands.run import run
from lrp_audio.commands.text import printable
from lrp_audio.data.voices import flite_voice, require_programs, speak
from lrp_audio.files import make_folder

EXAMPLE_VOICES = (flite_voice("slt", "female"), flite_voice("rms", "male"))


def make_examples(out: Path) -> list[Path]:
    """Write ``{digit}_{sex}.wav`` for every digit and both sexes into `out`; returns the paths."""
    require_programs("flite")
    make_folder(out)
    paths: list[Path] = []
    for voice in EXAMPLE_VOICES:
        for digit in range(10):
            path = out / f"{digit}_{voice.sex}.wav"
            speak(voice, digit, path)
            paths.append(path)
    return paths


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``python -m lrp_audio.data.examples``."""
    return run(partial(_main, arguments), "give the same command again to make all of them")


def _main(arguments: Sequence[str] | None) -> int:
    parser = Parser(
        prog="python -m lrp_audio.data.examples",
        description="Synthesise the bundled example clips with flite.",
    )
    parser.add_argument("out", metavar="OUT", type=path, help="folder for the WAV files")
    options = parser.parse_args(arguments)
    paths = make_examples(options.out)
    print(f"{len(paths)} clips in {printable(options.out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
