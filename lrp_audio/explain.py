"""The command ``python -m lrp_audio.explain``: see and hear why a network heard a word."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

import lrp_audio
from lrp_audio.audio.audible import Sign
from lrp_audio.batch import Request, Row, explain_all, finished, loaded, save_rows
from lrp_audio.errors import LrpAudioError
from lrp_audio.explanation import Explanation
from lrp_audio.inputs import Found, find_clips, passed_over_sentence
from lrp_audio.kernels.compiling import before_compiling
from lrp_audio.models.zoo import shipped
from lrp_audio.options import parser
from lrp_audio.report.catalogue import rules_text
from lrp_audio.report.table import classes_table, ledger_table, printable
from lrp_audio.reporting import Report
from lrp_audio.targets import PREDICTED
from lrp_audio.workers import HERE, Workers

_MOST_REPORTED = 3  # clips of which tables are printed; of more, a line each


def main(arguments: Sequence[str] | None = None) -> int:
    """Explain the clips that ``arguments`` (or the command line) name; return the exit code."""
    options = parser().parse_args(arguments)
    # A class or file name may hold what the terminal's encoding lacks: show it escaped.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        lrp_audio.threads(options.threads)
        if options.list_rules:
            print(rules_text(lrp_audio.load(options.model).front.bounds))
            return 0
        with before_compiling(_say_compiling):
            return _explain(options)
    except LrpAudioError as error:
        _say_error(error)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; the same command with --resume goes on from here.", file=sys.stderr)
        return 130


def _explain(options: argparse.Namespace) -> int:
    request = _request(options)
    clips, errors, others = find_clips(options.clips or [lrp_audio.example()])
    for error in errors:
        _say_error(error)
    if sentence := passed_over_sentence(others):
        print(printable(sentence), file=sys.stderr)
    rows = finished(clips, request, options.out) if options.resume else {}
    if rows:
        print(f"{len(rows)} of {len(clips)} clips have their result already and are skipped.")
    waiting = [clip for clip in clips if clip not in rows]
    report = Report(request, options.target or [PREDICTED], options.rules or [request.rules], clips)
    told = partial(_told, sign=options.sign) if len(clips) <= _MOST_REPORTED else _line

    def told_and_shown(explanation: Explanation, folder: Path) -> str:
        report.add(explanation)
        return told(explanation, folder)

    workers = Workers(options.jobs)
    # What another process explains is explained again for the page, which shows the first ones.
    describe = told_and_shown if workers == HERE else told
    # With None, tqdm draws the bar only on a terminal.
    hidden = None if len(waiting) > 1 else True
    with tqdm(total=len(waiting), unit="clip", leave=False, disable=hidden) as bar:
        for clip, row, text in explain_all(
            waiting, request, options.out, options.batch, describe, workers
        ):
            rows[clip] = row
            if row.error is None:
                tqdm.write(text)
            else:
                _say_error(row.error)
            bar.update()
    failed = sum(row.error is not None for row in rows.values())
    if len(clips) > 1:
        save_rows(options.out / "results.csv", [rows[clip] for clip in clips])
        if failed:
            print(f"{failed} of {len(clips)} clips could not be explained.", file=sys.stderr)
    _save_report(report, options.out / "report.html", rows)
    return 2 if failed or errors else 0


def _save_report(report: Report, path: Path, rows: Mapping[Found, Row]) -> None:
    shown = report.save(path, rows)
    for sentence in report.missing:
        print(f"Not in the report: {printable(sentence)}")
    if shown:
        explained = sum(row.error is None for row in rows.values())
        some = f" (the first {shown} of {explained} clips)" if shown < explained else ""
        print(f"To see and hear{some}: {printable(path)}")


def _request(options: argparse.Namespace) -> Request:
    weights = shipped().get(options.model, Path(options.model))
    model = loaded(weights, options.dtype)
    return Request(
        weights=weights,
        dtype=options.dtype,
        target=(options.target or [PREDICTED])[0],
        rules=(options.rules or [model.front.rules])[0],
        domain=model.front.choose(options.domain, options.window, options.hop),
        sound=options.sound,
        sign=options.sign,
        layers=options.layers,
    )


def _say_compiling() -> None:
    tqdm.write(
        "First run: compiling the kernels, ten to twenty seconds; later runs start at once.",
        file=sys.stderr,
    )


def _say_error(error: LrpAudioError | str) -> None:
    tqdm.write(f"error: {printable(error)}", file=sys.stderr)


def _told(explanation: Explanation, folder: Path, sign: Sign) -> str:
    target = explanation.classes[explanation.target]
    outcome = f"explained in {explanation.seconds:.2f} s, written to {printable(folder)}\n"
    if not explanation.sound(sign=sign).any():
        outcome += (
            f"audible.wav is silent: under {explanation.rules} nothing that sounds speaks {sign} "
            f"{target}; --rules epsilon-gamma-box shows more of both sides\n"
        )
    return "\n".join(
        (
            printable(explanation.clip.name),
            *(f"  {note}" for note in explanation.clip.notes),
            f"\n{classes_table(explanation.top(3))}",
            f"\nrelevance for class {target} under {explanation.rules}, from output to input:\n",
            ledger_table(explanation.ledger),
            f"\n{outcome}",
        )
    )


def _line(explanation: Explanation, folder: Path) -> str:
    name, _, probability = explanation.top(1)[0]
    return f"{printable(explanation.clip.name)}: {name} {probability:.1%} -> {printable(folder)}"


if __name__ == "__main__":
    sys.exit(main())
