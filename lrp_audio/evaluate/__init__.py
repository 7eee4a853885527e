"""The command ``python -m lrp_audio.evaluate``: accuracy of a model on recordings, by speaker."""

from collections.abc import Sequence
from functools import partial

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, evaluate, print tables; returns the exit code."""
    from lrp_audio.commands.run import run

    return run(partial(_main, arguments), "nothing was written")


def _main(arguments: Sequence[str] | None) -> int:
    from lrp_audio.evaluate.options import parsed

    options = parsed(arguments)
    from lrp_audio.evaluate.command import evaluate

    return evaluate(options)
