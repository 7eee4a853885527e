"""``python -m lrp_audio.study``: a study of explanations seen and heard, from site to result."""

import sys
from collections.abc import Sequence
from functools import partial

from lrp_audio.commands.run import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments`, by default those of the process; returns the exit code."""
    return run(partial(_main, arguments), "nothing was written")


def _main(arguments: Sequence[str] | None) -> int:
    from lrp_audio.study.options import parser

    options = parser().parse_args(arguments)
    from lrp_audio.study.command import study

    return study(options)


if __name__ == "__main__":
    sys.exit(main())
