"""``python -m lrp_audio`` lists the commands; ``lrp-audio explain ...`` runs the one it names."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module

from lrp_audio.commands.options import Parser
from lrp_audio.commands.run import run

COMMANDS = {
    "explain": "see and hear why a network classifies a recording as it does",
    "model": "check a network of another framework before recordings are explained with it",
    "train": "train a network on recordings",
    "evaluate": "measure how many recordings a network classifies correctly",
    "experiments": "run the paper's experiments, and tests of explanations",
    "study": "ask people whether they understand explanations better seen or heard",
    "data": "download a public corpus of spoken digits",
    "data.voices": "make synthetic spoken digits for training",
}
"""Each is also a module: ``python -m lrp_audio.explain``."""

_EPILOG = """\
lrp-audio COMMAND --help describes each; lrp-audio COMMAND and
python -m lrp_audio.COMMAND are the same.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names, or list all; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in COMMANDS:
        return _main_of(given[0])(given[1:])
    return run(partial(_list, given), "give the same command again")


def _main_of(command: str) -> Callable[[Sequence[str]], int]:
    module = import_module(f"lrp_audio.{command}")
    if not hasattr(module, "main"):
        module = import_module(f"lrp_audio.{command}.__main__")
    found: Callable[[Sequence[str]], int] = module.main
    return found


def _list(given: Sequence[str]) -> int:
    """List the commands; refuse an argument that is not one of them."""
    listed = "\n".join(f"  {name:12} {about}" for name, about in COMMANDS.items())
    parser = Parser(
        prog="lrp-audio",
        usage="lrp-audio COMMAND ...",
        description=f"Layer-wise Relevance Propagation for audio networks.\n\ncommands:\n{listed}",
        epilog=_EPILOG,
    )
    parser.add_argument("command", nargs="?", choices=COMMANDS, metavar="COMMAND", help="see above")
    parser.parse_args(given)
    parser.print_help()
    return 0


if __name__ == "__main__":
    sys.exit(main())
