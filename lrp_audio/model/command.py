"""The command ``python -m lrp_audio.model``: check a model in a folder layer by layer."""

from collections.abc import Sequence
from functools import partial


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, check, print what was read; returns the exit code."""
    from lrp_audio.commands.run import run

    return run(partial(_main, arguments), "nothing was changed")


def _main(arguments: Sequence[str] | None) -> int:
    from lrp_audio.commands.options import Parser, path

    parser = Parser(
        prog="python -m lrp_audio.model",
        description="Check a network of another framework before clips are explained with it.",
        epilog=_EPILOG,
    )
    parser.add_argument("command", choices=("check",), help="print what was read, and verify it")
    parser.add_argument("folder", type=path, metavar="DIR", help="a folder with a model.toml")
    parser.add_argument(
        "--write",
        action="store_true",
        help="propose a model.toml from the ONNX file in DIR, where there is none",
    )
    options = parser.parse_args(arguments)
    from lrp_audio.model.check import check
    from lrp_audio.model.proposal import propose

    return propose(options.folder) if options.write else check(options.folder)


_EPILOG = """\
The check reads the network, prints its layers with their shapes, and compares its outputs with
those in reference.npz, if DIR holds one with the arrays input and output. Without it the network
is "unverified".

exit code: 0 the network was read and agrees with its reference, if it has one, 2 if not.
"""
