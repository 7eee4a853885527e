"""``python -m lrp_audio.experiments``: the paper's experiments, and tests of explanations."""

import sys
from collections.abc import Sequence
from functools import partial

from lrp_audio.commands.run import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments`, by default those of the process; returns the exit code."""
    return run(partial(_main, arguments), "give the same command again to go on")


def _main(arguments: Sequence[str] | None) -> int:
    from lrp_audio.experiments.command import experiment, parsed

    return experiment(parsed(arguments))


if __name__ == "__main__":
    sys.exit(main())
