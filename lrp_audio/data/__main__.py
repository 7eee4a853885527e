"""``python -m lrp_audio.data``: download a public corpus of spoken digits."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from functools import partial

from lrp_audio.commands.options import Parser, path
from lrp_audio.commands.run import run, say
from lrp_audio.commands.text import printable
from lrp_audio.commands.writing import sole_writer
from lrp_audio.errors import LrpAudioError

_AGAIN = "give the same command again to go on"
_EPILOG = """\
audiomnist  60 speakers, 30,000 recordings, about 1 GB (MIT); goes to DIR/data
fsdd        6 speakers, 3,000 recordings, about 20 MB (CC BY-SA 4.0); goes to DIR/recordings

If it is stopped, give the same command again to go on.

exit code: 0 if the whole corpus is there, 2 if not, 130 if stopped from the keyboard.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, download, print where the corpus is; returns the exit code."""
    return run(partial(_main, arguments), _AGAIN)


def _main(arguments: Sequence[str] | None) -> int:
    from lrp_audio.data.download import download
    from lrp_audio.data.public import PUBLIC

    options = _parser(PUBLIC).parse_args(arguments)
    corpus, folder = PUBLIC[options.corpus], options.folder
    try:
        with sole_writer(folder, corpus.name):
            new = download(corpus, folder, options.url, retrying=say)
    except OSError as error:
        raise LrpAudioError(
            f"{folder} cannot be used ({error.strerror}): mend that, then {_AGAIN}."
        ) from error
    count = 10 * corpus.speakers * corpus.repetitions
    print(
        f"{count} recordings of {corpus.speakers} speakers in "
        f"{printable(folder / corpus.folder)}, licence {corpus.licence}"
        f"{'' if new else '; they were there already'}"
    )
    return 0


def _parser(corpora: Iterable[str]) -> argparse.ArgumentParser:
    parser = Parser(prog="python -m lrp_audio.data", description=__doc__, epilog=_EPILOG)
    parser.add_argument("command", choices=("download",), help="nothing is fetched without it")
    parser.add_argument("corpus", choices=sorted(corpora), help="which corpus")
    parser.add_argument("folder", type=path, metavar="DIR", help="where to put it")
    parser.add_argument(
        "--from",
        dest="url",
        metavar="URL",
        help="another address of the corpus' ZIP archive (default: its authors' on GitHub)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
