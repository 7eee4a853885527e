"""The three commands of a study: build its site, analyse its records, simulate participants."""

import argparse
import sys
from pathlib import Path

import numpy as np

import lrp_audio
from lrp_audio.commands.run import say_error
from lrp_audio.commands.text import printable
from lrp_audio.commands.writing import sole_writer
from lrp_audio.errors import LrpAudioError, StudyError
from lrp_audio.files import naming
from lrp_audio.study.build import BuiltStudy, StudyPlan, build
from lrp_audio.study.key import read_key
from lrp_audio.study.participants import Truth, participants
from lrp_audio.study.power import STUDIES, power, sample_size
from lrp_audio.study.records import FOLDER as RECORDS
from lrp_audio.study.records import write_records
from lrp_audio.study.result import write_result
from lrp_audio.study.site import default_consent, read_consent


def study(options: argparse.Namespace) -> int:
    """Run the command that the `options` name; returns the exit code."""
    return _RUN[options.command](options)


def _build(options: argparse.Namespace) -> int:
    lrp_audio.threads(options.threads)
    consent = read_consent(options.consent) if options.consent else default_consent()
    plan = StudyPlan(
        model=options.model,
        data=options.data,
        clips=options.clips,
        seed=options.seed,
        send=options.send,
        cdn=options.cdn,
        consent=consent,
    )
    errors: list[LrpAudioError] = []
    out = options.out.absolute()
    try:
        with naming(options.out), sole_writer(out.parent, out.name):
            built = build(plan, options.out, errors.append)
    finally:
        for error in errors:
            say_error(error)
    print(_built(built, options.out))
    if options.consent is None:
        print(
            "\nThe consent text still has gaps in [brackets]: write your own into a file and build "
            f"again with --consent. This is the text:\n\n{consent}",
            file=sys.stderr,
        )
    return 2 if errors else 0


def _built(built: BuiltStudy, out: Path) -> str:
    trials = built.key.trials()
    wrong = sum(item.wrong for item in trials)
    lines = [
        f"{built.classified} recordings, {built.misclassified} of them misclassified by "
        f"{printable(built.key.model)}.",
        f"{len(trials)} trials: {len(trials) - wrong} with a right answer of the network, "
        f"{wrong} with a wrong one.",
    ]
    if wrong < len(trials) // 2:
        lines.append(
            f"Half of them should be wrong: {len(trials) // 2 - wrong} more wrong ones are needed, "
            "and there are none. Give more recordings, or accept that the answer can be guessed "
            "from the spoken word."
        )
    lines += [
        f"Upload {printable(out / 'site')} to any web space, and open its index.html to try it.",
        f"Keep {printable(out / 'key.json')} private, and put the files that come back into "
        f"{printable(out / 'records')}.",
    ]
    return "\n".join(lines)


def _analyse(options: argparse.Namespace) -> int:
    errors, text = write_result(options.study)
    for error in errors:
        say_error(error)
    print(text)
    return 2 if errors else 0


def _simulate(options: argparse.Namespace) -> int:
    truth = Truth(options.seen, options.heard)
    if options.into:
        if not options.participants:
            raise StudyError("How many participants? Give --participants with --into.")
        key = read_key(options.into)
        made = participants(key, options.participants, truth, np.random.default_rng(options.seed))
        with sole_writer(options.into / RECORDS):
            write_records(options.into / RECORDS, key, made)
        print(f"{len(made)} synthetic participants in {printable(options.into / RECORDS)}")
        return 0
    count = options.participants or sample_size(truth, options.clips, options.power, options.seed)
    found = power(truth, options.clips, count, options.seed)
    print(
        f"Of {STUDIES} studies with {count} participants and {options.clips} clips, "
        f"{found:.1%} find that {truth.seen:.0%} seen and {truth.heard:.0%} heard differ."
    )
    return 0


_RUN = {"build": _build, "analyse": _analyse, "simulate": _simulate}
