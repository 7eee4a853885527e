"""``python -m lrp_audio.evaluate``: accuracy of a model on recordings, by speaker."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import lrp_audio
from lrp_audio.data.corpus import Recording, find_recordings
from lrp_audio.errors import DataError, LrpAudioError
from lrp_audio.model import Model
from lrp_audio.report.table import aligned

_EXAMPLES = """\
examples:
  python -m lrp_audio.evaluate --data fsdd/recordings
      FSDD's official test recordings (index 0 to 4)
  python -m lrp_audio.evaluate --model my.npz --data fsdd/recordings --speakers theo
      every recording of a speaker that my.npz was not trained on
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, measure, print a table; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        recordings = find_recordings(options.data)
        if options.speakers:
            wanted = [r for r in recordings if r.speaker in options.speakers]
        else:
            wanted = [r for r in recordings if r.official_test]
        if not wanted:
            raise DataError("None of these recordings is of those speakers or a test recording.")
        model = lrp_audio.load(options.model)
        right = [model.classify(r.path) == r.digit for r in wanted]
    except LrpAudioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(_table(model, wanted, right))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lrp_audio.evaluate",
        description="Accuracy of a digit model on recordings named {digit}_{speaker}_{index}.wav.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model",
        default="audionet-digit",
        metavar="NAME",
        help="a shipped model's name or a weights file (default: %(default)s)",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        required=True,
        metavar="DIR",
        help="folders of recordings; index 0 to 4 is tested on",
    )
    parser.add_argument(
        "--speakers",
        nargs="+",
        default=[],
        metavar="SPEAKER",
        help="instead, test on every recording of these speakers",
    )
    return parser


def _table(model: Model, recordings: Sequence[Recording], right: Sequence[bool]) -> str:
    speakers = sorted({r.speaker for r in recordings})
    rows = []
    for speaker in [*speakers, "all"]:
        mine = [
            ok for r, ok in zip(recordings, right, strict=True) if speaker in (r.speaker, "all")
        ]
        rows.append((speaker, str(sum(mine)), str(len(mine)), f"{sum(mine) / len(mine):.1%}"))
    header = (model.name, "right", "of", "accuracy")
    return aligned([header, *rows], left=1)


if __name__ == "__main__":
    sys.exit(main())
