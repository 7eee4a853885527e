"""The options of ``python -m lrp_audio.study``."""

import argparse

from lrp_audio.commands.options import Parser, add_threads, path, whole
from lrp_audio.study.design import CONDITIONS

_EXAMPLES = """\
examples:
  python -m lrp_audio.study build --data recordings/ --out my-study
      a website to upload in my-study/site, its key, and a folder for the answers
  python -m lrp_audio.study simulate --seen 0.4 --heard 0.55
      how many participants find such a difference?
  python -m lrp_audio.study analyse my-study
      evaluate the files in my-study/records

exit code: 0 done, 2 something could not be used and one sentence says why, 130 stopped from the
keyboard.
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the command line; ``command`` is the name of one of the three."""
    parser = Parser(
        prog="python -m lrp_audio.study",
        description="A study of explanations seen and heard, from the website to the result.",
        epilog=_EXAMPLES,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_build(commands.add_parser("build", help="make the website of a study"))
    _add_analyse(commands.add_parser("analyse", help="evaluate what participants handed in"))
    _add_simulate(commands.add_parser("simulate", help="plan a study, or simulate participants"))
    return parser


def _add_build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=path, required=True, metavar="DIR", help="a new folder")
    parser.add_argument(
        "--data",
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders of recordings labelled with the digit or the sex (FSDD, AudioMNIST's layout, "
        "EmoDB), or names of bundled clips (default: all bundled clips)",
    )
    parser.add_argument(
        "--model",
        default="audionet-digit",
        metavar="NAME",
        help="a shipped model or a weights file (default: %(default)s)",
    )
    parser.add_argument(
        "--clips",
        type=_even,
        metavar="N",
        help="number of trials, even (default: as many as there are clips for, at most 24)",
    )
    parser.add_argument("--seed", type=_natural, default=0, metavar="S", help="of random numbers")
    parser.add_argument(
        "--consent",
        type=path,
        metavar="FILE",
        help="file with the text that participants agree to, blank lines between paragraphs",
    )
    parser.add_argument(
        "--send",
        default="",
        metavar="URL",
        help="where answers are sent, as JSON by POST (default: participants download them)",
    )
    parser.add_argument(
        "--cdn",
        action="store_true",
        help="let browsers load jsPsych from a content network, where npm is not installed",
    )
    add_threads(parser)


def _add_analyse(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "study",
        type=path,
        metavar="DIR",
        help="the folder that build wrote, with key.json and records/; result/ is written there",
    )


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    for condition in CONDITIONS:
        parser.add_argument(
            f"--{condition}",
            type=_share,
            required=True,
            metavar="SHARE",
            help=f"how often the network's answer is named when {condition}, between 0 and 1",
        )
    parser.add_argument("--clips", type=_even, default=24, metavar="N", help="number of trials")
    parser.add_argument(
        "--power",
        type=_share,
        default=0.8,
        metavar="SHARE",
        help="share of such studies that should find the difference (default: %(default)s)",
    )
    parser.add_argument(
        "--participants",
        type=_natural,
        metavar="N",
        help="number of participants (default: as many as that power needs)",
    )
    parser.add_argument(
        "--into",
        type=path,
        metavar="DIR",
        help="simulate N participants of the study in DIR, marked as synthetic",
    )
    parser.add_argument("--seed", type=_natural, default=0, metavar="S", help="of random numbers")


def _natural(text: str) -> int:
    number = whole(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return number


def _even(text: str) -> int:
    number = _natural(text)
    if number < 4 or number % 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not an even number of at least 4")
    return number


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share between 0 and 1")
    return share
