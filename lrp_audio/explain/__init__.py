"""The command ``python -m lrp_audio.explain``: see and hear why a network chose a class."""

from collections.abc import Sequence
from functools import partial

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Explain the clips that ``arguments``, or the command line, name; returns the exit code."""
    from lrp_audio.commands.run import run

    return run(partial(_main, arguments), "the same command with --resume goes on from here")


def _main(arguments: Sequence[str] | None) -> int:
    from lrp_audio.explain.options import parser

    options = parser().parse_args(arguments)
    from lrp_audio.explain.command import explain

    return explain(options)
