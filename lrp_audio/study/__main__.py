"""``python -m lrp_audio.study``: a study of explanations seen and heard, from site to result."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import lrp_audio
from lrp_audio.errors import LrpAudioError, StudyError
from lrp_audio.options import add_threads
from lrp_audio.study.build import Built, Plan, build
from lrp_audio.study.design import CONDITIONS
from lrp_audio.study.key import read_key
from lrp_audio.study.participants import Truth, participants
from lrp_audio.study.power import STUDIES, power, sample_size
from lrp_audio.study.records import FOLDER as RECORDS
from lrp_audio.study.records import write_records
from lrp_audio.study.result import report
from lrp_audio.study.site import default_consent, read_consent

_EXAMPLES = """\
examples:
  python -m lrp_audio.study build --data recordings/ --out my-study
      a website in my-study/site to upload, the key that stays at home, room for answers
  python -m lrp_audio.study simulate --seen 0.4 --heard 0.55
      how many participants find such a difference?
  python -m lrp_audio.study analyse my-study
      evaluate the files in my-study/records

exit code: 0 done, 2 something could not be used and one sentence says why, 130 stopped from the
keyboard.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except LrpAudioError as error:
        _say_error(error)
        return 2
    except OSError as error:
        print(f"error: {error.filename} cannot be written ({error.strerror}).", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; nothing was written.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lrp_audio.study",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_build(commands.add_parser("build", help="make the website of a study"))
    _add_analyse(commands.add_parser("analyse", help="evaluate what participants handed in"))
    _add_simulate(commands.add_parser("simulate", help="plan a study, or make participants up"))
    return parser


def _add_build(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_build)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    parser.add_argument(
        "--data",
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders of recordings whose names say the digit or whose corpus the sex (FSDD, "
        "AudioMNIST's layout, EmoDB), or names of bundled clips (default: all bundled clips)",
    )
    parser.add_argument(
        "--model",
        default="audionet-digit",
        metavar="NAME",
        help="a shipped model or a weights file (default: %(default)s)",
    )
    parser.add_argument(
        "--clips",
        type=_even,
        metavar="N",
        help="trials, an even number (default: as many as there are clips for, at most 24)",
    )
    parser.add_argument("--seed", type=_natural, default=0, metavar="S", help="of all chance")
    parser.add_argument(
        "--consent",
        type=Path,
        metavar="FILE",
        help="the text that participants agree to, with blank lines between paragraphs",
    )
    parser.add_argument(
        "--send",
        default="",
        metavar="URL",
        help="where answers are sent, as JSON by POST (default: participants download them)",
    )
    parser.add_argument(
        "--cdn",
        action="store_true",
        help="let browsers load jsPsych from a content network, for people without npm",
    )
    add_threads(parser)


def _build(options: argparse.Namespace) -> int:
    lrp_audio.threads(options.threads)
    consent = read_consent(options.consent) if options.consent else default_consent()
    plan = Plan(
        model=options.model,
        data=options.data,
        clips=options.clips,
        seed=options.seed,
        send=options.send,
        cdn=options.cdn,
        consent=consent,
    )
    errors: list[LrpAudioError] = []
    try:
        built = build(plan, options.out, errors.append)
    finally:
        for error in errors:
            _say_error(error)
    print(_built(built, options.out))
    if options.consent is None:
        print(
            "\nThe consent text still has gaps in [brackets]: write your own into a file and build "
            f"again with --consent. This is the text:\n\n{consent}",
            file=sys.stderr,
        )
    return 2 if errors else 0


def _built(built: Built, out: Path) -> str:
    trials = built.key.trials()
    wrong = sum(item.wrong for item in trials)
    lines = [
        f"{built.heard} recordings, {built.heard_wrongly} of them heard wrongly by "
        f"{built.key.model}.",
        f"{len(trials)} trials: {len(trials) - wrong} with a right answer of the network, "
        f"{wrong} with a wrong one.",
    ]
    if wrong < len(trials) // 2:
        lines.append(
            f"Half of them should be wrong: {len(trials) // 2 - wrong} more wrong ones are needed, "
            "and there are none. Give more recordings, or accept that the answer can be guessed "
            "from the word."
        )
    lines += [
        f"Upload {out / 'site'} to any web space, and open its index.html to try it.",
        f"Keep {out / 'key.json'} to yourself, and put what comes back into {out / 'records'}.",
    ]
    return "\n".join(lines)


def _add_analyse(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_analyse)
    parser.add_argument(
        "study",
        type=Path,
        metavar="DIR",
        help="the folder that build wrote, with key.json and records/; takes the result in result/",
    )


def _analyse(options: argparse.Namespace) -> int:
    errors, text = report(options.study)
    for error in errors:
        _say_error(error)
    print(text)
    return 2 if errors else 0


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_simulate)
    for condition in CONDITIONS:
        parser.add_argument(
            f"--{condition}",
            type=_share,
            required=True,
            metavar="SHARE",
            help=f"how often the network's answer is named when {condition}, between 0 and 1",
        )
    parser.add_argument("--clips", type=_even, default=24, metavar="N", help="trials of the study")
    parser.add_argument(
        "--power",
        type=_share,
        default=0.8,
        metavar="SHARE",
        help="how many of such studies should find the difference (default: %(default)s)",
    )
    parser.add_argument(
        "--participants",
        type=_natural,
        metavar="N",
        help="how many of such studies find it with N participants?",
    )
    parser.add_argument(
        "--into",
        type=Path,
        metavar="DIR",
        help="make N participants up for the study in DIR, marked as synthetic",
    )
    parser.add_argument("--seed", type=_natural, default=0, metavar="S", help="of all chance")


def _simulate(options: argparse.Namespace) -> int:
    truth = Truth(options.seen, options.heard)
    if options.into:
        if not options.participants:
            raise StudyError("How many participants? Give --participants with --into.")
        key = read_key(options.into)
        made = participants(key, options.participants, truth, np.random.default_rng(options.seed))
        write_records(options.into / RECORDS, key, made)
        print(f"{len(made)} synthetic participants in {options.into / RECORDS}")
        return 0
    count = options.participants or sample_size(truth, options.clips, options.power, options.seed)
    found = power(truth, options.clips, count, options.seed)
    print(
        f"Of {STUDIES} studies with {count} participants and {options.clips} clips, "
        f"{found:.1%} find that {truth.seen:.0%} seen and {truth.heard:.0%} heard differ."
    )
    return 0


def _say_error(error: LrpAudioError) -> None:
    # A file name may hold line breaks and what commands a terminal.
    print("error: " + "".join(c if c.isprintable() else "?" for c in str(error)), file=sys.stderr)


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def _even(text: str) -> int:
    number = _natural(text)
    if number < 4 or number % 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not an even number of at least 4")
    return number


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share between 0 and 1")
    return share


if __name__ == "__main__":
    sys.exit(main())
