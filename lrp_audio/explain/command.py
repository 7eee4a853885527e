"""From a command line to the files of each clip, the table and the page."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

import lrp_audio
from lrp_audio.commands.run import FAILED, say_error
from lrp_audio.commands.text import printable
from lrp_audio.commands.workers import Workers
from lrp_audio.explain import page
from lrp_audio.explain.clips import Found, find_clips, passed_over_sentence
from lrp_audio.explain.page import Shown
from lrp_audio.explain.request import Request, request_of
from lrp_audio.explain.run import Reporting, Row, explain_all, finished, save_rows, shown_again
from lrp_audio.kernels.compiling import before_compiling
from lrp_audio.report.catalogue import rules_text

_MOST_DETAILED = 3  # clips of which tables are printed; of more, a line each


def explain(options: argparse.Namespace) -> int:
    """Do what the `options` ask for; returns the exit code."""
    lrp_audio.threads(options.threads)
    if options.list_rules:
        print(rules_text(lrp_audio.load(options.model).front.bounds))
        return 0
    with before_compiling(_say_compiling):
        return _explain(options)


def _explain(options: argparse.Namespace) -> int:
    request, workers = request_of(options), Workers(options.jobs)
    clips, errors, others = find_clips(options.clips or [lrp_audio.example()])
    for error in errors:
        say_error(error)
    if sentence := passed_over_sentence(others):
        print(printable(sentence), file=sys.stderr)
    rows = finished(clips, request, options.out) if options.resume else {}
    if rows:
        print(f"{len(rows)} of {len(clips)} clips have their result already and are skipped.")
    waiting = [clip for clip in clips if clip not in rows]
    candidates = page.candidates(clips)
    reporting = Reporting(len(clips) <= _MOST_DETAILED, candidates)
    found: dict[Found, Shown] = {}
    # With None, tqdm draws the bar only on a terminal.
    hidden = None if len(waiting) > 1 else True
    with tqdm(total=len(waiting), unit="clip", leave=False, disable=hidden) as bar:
        for outcome in explain_all(
            waiting, request, options.out, options.batch, reporting, workers
        ):
            rows[outcome.clip] = outcome.row
            if outcome.shown is not None:
                found[outcome.clip] = outcome.shown
            if outcome.row.error is None:
                tqdm.write(outcome.text)
            else:
                say_error(outcome.row.error)
            bar.update()
    failed = sum(row.error is not None for row in rows.values())
    if len(clips) > 1:
        save_rows(options.out / "results.csv", [rows[clip] for clip in clips])
        if failed:
            print(f"{failed} of {len(clips)} clips could not be explained.", file=sys.stderr)
    before = [c for c in candidates if c not in waiting and rows[c].error is None]
    found |= dict(shown_again(before, request, options.batch, workers))
    _save_page(options.out / "report.html", clips, found, rows, request)
    return FAILED if failed or errors else 0


def _save_page(
    path: Path,
    clips: Sequence[Found],
    found: Mapping[Found, Shown],
    rows: Mapping[Found, Row],
    request: Request,
) -> None:
    explained = sum(row.error is None for row in rows.values())
    shown = page.save(path, clips, found, explained, request.sound)
    for sentence in page.missing(clips, found):
        print(f"Not in the report: {printable(sentence)}")
    if shown:
        some = f" (the first {shown} of {explained} clips)" if shown < explained else ""
        print(f"To see and hear{some}: {printable(path)}")


def _say_compiling() -> None:
    tqdm.write(
        "First run: compiling the kernels, ten to twenty seconds; later runs start at once.",
        file=sys.stderr,
    )
