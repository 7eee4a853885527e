"""The options of ``python -m lrp_audio.evaluate``, and its help."""

import argparse
from collections.abc import Sequence

from lrp_audio.commands.options import Parser, add_skip_broken, add_threads, path, share
from lrp_audio.outputs import SURE

_EXAMPLES = """\
examples:
  python -m lrp_audio.evaluate --data fsdd/recordings
      FSDD's official test recordings (index 0 to 4), and the speakers that no shipped network
      was trained on
  python -m lrp_audio.evaluate --model my.npz --data fsdd/recordings --speakers theo
      every recording of a speaker that my.npz was not trained on
  python -m lrp_audio.evaluate --model my-sex.npz --data fsdd/recordings emodb voices
      the speakers that train --task sex reserves for testing, with figures balanced over the sexes
  python -m lrp_audio.evaluate --strangers --data corpora/
      the shipped networks on people of whom none of them was trained, by corpus

Recordings without a label for the model's task, such as EmoDB's for digits, are left out.

exit code: 0 done, 2 an argument, the data or some of the recordings could not be used, 130 stopped
from the keyboard.
"""


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options in `arguments`, or in the command line; exits with a sentence for wrong ones."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.strangers:
        if len(options.model or ()) > 1:
            parser.error("several models are evaluated with --strangers only")
        if options.part:
            parser.error("--part is for --strangers")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m lrp_audio.evaluate",
        description="Accuracy of a digit or sex model on recordings.",
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "--model",
        nargs="+",
        metavar="NAME",
        help="a shipped model's name or a weights file (default: audionet-digit); with --strangers "
        "any number of them (default: all shipped models)",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        type=path,
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
    tested.add_argument(
        "--strangers",
        action="store_true",
        help="test on the speakers that lrp_audio/data/strangers.toml reserves for it, and on "
        "every speaker whom it does not name",
    )
    parser.add_argument(
        "--part",
        choices=("validation", "test"),
        help="with --strangers, the part of the list to test on (default: test)",
    )
    parser.add_argument(
        "--sure",
        type=share,
        default=SURE,
        metavar="SHARE",
        help="with --strangers, the probability below which a calibrated model counts as not sure "
        "(default: %(default)s)",
    )
    add_skip_broken(parser)
    add_threads(parser)
    parser.add_argument("--json", type=path, metavar="FILE", help="also write the figures to it")
    return parser
