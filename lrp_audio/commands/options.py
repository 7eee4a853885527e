"""The options that several commands have, and their parser."""

import argparse
from typing import Any, NoReturn

import lrp_audio
from lrp_audio.commands.text import printable


class Parser(argparse.ArgumentParser):
    """A parser with ``--version``, as its subcommands have, and a help laid out as written."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **settings)
        version = f"lrp-audio {lrp_audio.__version__}"
        self.add_argument("--version", action="version", version=version)

    def error(self, message: str) -> NoReturn:
        """Refuse an argument, which may be a file name that commands a terminal."""
        super().error(printable(message))


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """The option ``--jobs``, which every command that goes through many clips has."""
    parser.add_argument(
        "--jobs",
        type=at_least_one,
        default=1,
        metavar="N",
        help="processes that share the work and the cores (default: %(default)s)",
    )


def add_threads(parser: argparse.ArgumentParser) -> None:
    """The option ``--threads``, which every command that computes has."""
    parser.add_argument(
        "--threads",
        type=at_least_one,
        metavar="N",
        help="threads to compute with (default: one for each core that this process may use)",
    )


def add_skip_broken(parser: argparse.ArgumentParser) -> None:
    """The option ``--skip-broken``, which every command that goes through a corpus has."""
    parser.add_argument(
        "--skip-broken",
        action="store_true",
        help="name the recordings that cannot be read and go on without them; the exit code is "
        "still 2 (default: name all of them and stop)",
    )


def at_least_one(text: str) -> int:
    """A whole number of at least 1, as an argument's type."""
    if not (text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
