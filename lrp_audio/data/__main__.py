"""``python -m lrp_audio.data``: download a public corpus of spoken digits."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lrp_audio.data.download import download
from lrp_audio.data.public import PUBLIC
from lrp_audio.errors import LrpAudioError

_EPILOG = """\
audiomnist  60 speakers, 30,000 recordings, about 1 GB (MIT); lies in DIR/data then
fsdd        6 speakers, 3,000 recordings, about 20 MB (CC BY-SA 4.0); lies in DIR/recordings then

Whatever stops it, give the same command again to go on.

exit code: 0 if the whole corpus is there, 2 if not, 130 if stopped from the keyboard.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, download, say where it is; returns the exit code."""
    options = _parser().parse_args(arguments)
    corpus, folder = PUBLIC[options.corpus], options.folder
    try:
        new = download(corpus, folder, options.url)
    except LrpAudioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"error: {folder} cannot be used ({error.strerror}): mend that, then give the same "
            "command again to go on.",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("\nStopped; give the same command again to go on.", file=sys.stderr)
        return 130
    count = 10 * corpus.speakers * corpus.repetitions
    print(
        f"{count} recordings of {corpus.speakers} speakers in {folder / corpus.folder}, "
        f"licence {corpus.licence}{'' if new else '; they were there already'}"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lrp_audio.data",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("download",), help="nothing is fetched without it")
    parser.add_argument("corpus", choices=sorted(PUBLIC), help="which corpus")
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to put it")
    parser.add_argument(
        "--from",
        dest="url",
        metavar="URL",
        help="another address of the corpus' ZIP archive (default: its authors' on GitHub)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
