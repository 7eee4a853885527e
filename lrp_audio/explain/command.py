"""From a command line to the files of each clip, the table and the page, from top to bottom."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tqdm import tqdm

import lrp_audio
from lrp_audio.commands.run import FAILED, disk_errors, say_error
from lrp_audio.commands.text import printable
from lrp_audio.commands.workers import Workers
from lrp_audio.commands.writing import sole_writer
from lrp_audio.explain import page
from lrp_audio.explain.clips import FoundClip, Search, find_clips, passed_over_sentence
from lrp_audio.explain.page import PageContent
from lrp_audio.explain.request import Request, request_of
from lrp_audio.explain.results import ResultRow, completed, save_rows
from lrp_audio.explain.run import ClipOutcome, Presentation, explain_all, explain_for_page
from lrp_audio.kernels.compiling import before_compiling
from lrp_audio.report.catalogue import rules_text

_MOST_DETAILED = 3  # clips that are printed with tables; of more, one line each


def explain(options: argparse.Namespace) -> int:
    """Do what the `options` ask for; returns the exit code."""
    lrp_audio.threads(options.threads)
    if options.list_rules:
        print(rules_text(lrp_audio.load(options.model).front.bounds))
        return 0
    with before_compiling(_say_compiling):
        return _explain(options)


def _explain(options: argparse.Namespace) -> int:
    request = request_of(options)
    search = find_clips(options.clips or [lrp_audio.example()])
    _print_search(search)
    with ExitStack() as stack:
        with disk_errors(options.out, advice="choose another folder with --out, or free it"):
            stack.enter_context(sole_writer(options.out))
        return _explain_into(options, request, search)


def _explain_into(options: argparse.Namespace, request: Request, search: Search) -> int:
    """Explain what was found into the folder that no other command writes to."""
    clips, workers = search.clips, Workers(options.jobs)
    complete = completed(clips, request, options.out) if options.resume else {}
    rows = {clip: of.row for clip, of in complete.items()}
    if rows:
        print(f"{len(rows)} of {len(clips)} clips have their result already and are skipped.")
    waiting = [clip for clip in clips if clip not in rows]
    on_page = page.candidates(clips)
    earlier = {clip: complete[clip].recording for clip in on_page if clip in complete}
    presentation = Presentation(len(clips) <= _MOST_DETAILED, on_page)
    contents: dict[FoundClip, PageContent] = {}
    outcomes = explain_all(waiting, request, options.out, options.batch, presentation, workers)
    for outcome in _printed(outcomes, len(waiting)):
        rows[outcome.clip] = outcome.row
        if outcome.content is not None:
            contents[outcome.clip] = outcome.content

    failed = sum(row.error is not None for row in rows.values())
    if len(clips) > 1:
        save_rows(options.out / "results.csv", [rows[clip] for clip in clips])
    if failed and len(clips) > 1:
        print(f"{failed} of {len(clips)} clips could not be explained.", file=sys.stderr)
    contents |= explain_for_page(earlier, request, options.batch, workers)
    _save_page(options.out / "report.html", clips, contents, rows, request)
    return FAILED if failed or search.errors else 0


def _print_search(search: Search) -> None:
    """Print what is wrong with arguments, and what was passed over."""
    for error in search.errors:
        say_error(error)
    if sentence := passed_over_sentence(search.passed_over):
        print(printable(sentence), file=sys.stderr)


def _printed(outcomes: Iterable[ClipOutcome], total: int) -> Iterator[ClipOutcome]:
    """Print each of the `total` `outcomes` as it comes, above a progress bar, and yield it."""
    # With None, tqdm draws the bar only on a terminal.
    hidden = None if total > 1 else True
    with tqdm(total=total, unit="clip", leave=False, disable=hidden) as bar:
        for outcome in outcomes:
            if outcome.row.error is None:
                tqdm.write(outcome.text)
            else:
                say_error(outcome.row.error)
            bar.update()
            yield outcome


def _save_page(
    path: Path,
    clips: Sequence[FoundClip],
    contents: Mapping[FoundClip, PageContent],
    rows: Mapping[FoundClip, ResultRow],
    request: Request,
) -> None:
    explained = sum(row.error is None for row in rows.values())
    shown = page.save(path, clips, contents, explained, request.sound)
    for sentence in page.missing(clips, contents):
        print(f"Not in the report: {printable(sentence)}")
    if shown:
        some = f" (the first {shown} of {explained} clips)" if shown < explained else ""
        print(f"To see and hear{some}: {printable(path)}")


def _say_compiling() -> None:
    tqdm.write(
        "First run: compiling the kernels, ten to twenty seconds; later runs start at once.",
        file=sys.stderr,
    )
