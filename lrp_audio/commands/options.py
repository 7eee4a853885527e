"""The parser of all commands, and options that several of them share."""

import argparse
import math
from pathlib import Path
from typing import Any, NoReturn

import lrp_audio
from lrp_audio.commands.text import printable
from lrp_audio.regular import possible_path

_DIGITS = 9
_LONGEST = 1000  # characters of a message


class Parser(argparse.ArgumentParser):
    """A parser with ``--version``, whose help keeps its line breaks; also for subcommands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **settings)
        self.color = False  # newer versions of Python colour their help
        version = f"lrp-audio {lrp_audio.__version__}"
        self.add_argument("--version", action="version", version=version)

    def error(self, message: str) -> NoReturn:
        """Print the error and exit; `message` may hold any name, or a number of any length."""
        if len(message) > _LONGEST:
            message = f"{message[: _LONGEST // 2]} ... {message[-_LONGEST // 2 :]}"
        super().error(printable(message))


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--jobs``, of every command that processes many clips."""
    parser.add_argument(
        "--jobs",
        type=at_least_one,
        default=1,
        metavar="N",
        help="processes that share the work and the cores (default: %(default)s)",
    )


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--threads``, of every command that computes."""
    parser.add_argument(
        "--threads",
        type=at_least_one,
        metavar="N",
        help="number of threads (default: one for each core that this process may use)",
    )


def add_skip_broken(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--skip-broken``, of every command that reads a corpus."""
    parser.add_argument(
        "--skip-broken",
        action="store_true",
        help="name the recordings that cannot be read and go on without them; the exit code is "
        "still 2 (default: name all of them and stop)",
    )


def at_least_one(text: str) -> int:
    """The whole number of at least 1 that `text` holds; the type of an argument."""
    number = whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def whole(text: str) -> int:
    """The whole number of at most `_DIGITS` digits that `text` holds; the type of an argument."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a whole number of up to {_DIGITS} digits"
        )
    return int(text)


def path(text: str) -> Path:
    """The path that `text` holds; the type of an argument."""
    if not possible_path(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the path of a file or folder")
    return Path(text)


def share(text: str) -> float:
    """The number from 0 to 1 that `text` holds; the type of an argument."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return number
