"""The options of ``python -m lrp_audio.evaluate``, and its help."""

import argparse
from pathlib import Path

from lrp_audio.commands.options import Parser, add_skip_broken, add_threads

_EXAMPLES = """\
examples:
  python -m lrp_audio.evaluate --data fsdd/recordings
      FSDD's official test recordings (index 0 to 4)
  python -m lrp_audio.evaluate --model my.npz --data fsdd/recordings --speakers theo
      every recording of a speaker that my.npz was not trained on
  python -m lrp_audio.evaluate --model my-sex.npz --data fsdd/recordings emodb voices
      the speakers that train --task sex reserves for testing, with figures balanced over the sexes

Recordings without a label for the model's task, such as EmoDB's for digits, are left out.

exit code: 0 done, 2 an argument, the data or some of the recordings could not be used, 130 stopped
from the keyboard.
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = Parser(
        prog="python -m lrp_audio.evaluate",
        description="Accuracy of a digit or sex model on recordings.",
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "--model",
        default="audionet-digit",
        metavar="NAME",
        help="a shipped model's name or a weights file (default: %(default)s)",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        required=True,
        metavar="DIR",
        help="folders of corpora, as for training",
    )
    tested = parser.add_mutually_exclusive_group()
    tested.add_argument(
        "--hold-out",
        nargs="+",
        default=[],
        metavar="SPEAKER",
        help="speakers that training held out, to test on in addition to the usual test recordings",
    )
    tested.add_argument(
        "--speakers",
        nargs="+",
        default=[],
        metavar="SPEAKER",
        help="test on every recording of these speakers instead (theo, or emodb/03)",
    )
    add_skip_broken(parser)
    add_threads(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to it")
    return parser
