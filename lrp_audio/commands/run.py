"""How every command runs: its errors are sentences, its exit code 0, 2 or 130."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lrp_audio.commands.output import lasting_output
from lrp_audio.commands.text import printable
from lrp_audio.errors import ClipError, DataError, LrpAudioError

FAILED = 2
"""Exit code where an argument, a recording or the disk could not be used."""

STOPPED = 130
"""Exit code after Ctrl-C."""


def run(body: Callable[[], int], again: str) -> int:
    """Call `body`, which parses, works and prints; returns its exit code, or that of its failure.

    An error that a user can cause, and one of the disk, becomes a sentence on stderr and code 2;
    Ctrl-C becomes code 130 and `again`, which says how to go on. Output that nobody reads any more
    changes neither the work nor its code; output that cannot be written is an error at the end.
    Passes on the `SystemExit` with which a parser ends.
    """
    with lasting_output() as (out, _):
        leaving = False
        try:
            code = _ended(body, again)
        except SystemExit as end:
            code, leaving = int(end.code or 0), True
        out.flush()
        if out.error is not None:
            say_error(f"The output cannot be written ({out.error.strerror}).")
            code = code or FAILED
    if leaving:
        raise SystemExit(code)
    return code


def _ended(body: Callable[[], int], again: str) -> int:
    try:
        return body()
    except LrpAudioError as error:
        say_error(error)
        return FAILED
    except OSError as error:
        name = error.filename or "A file"
        say_error(f"{name} cannot be used ({error.strerror or error}): mend that; {again}.")
        return FAILED
    except KeyboardInterrupt:
        print(f"\nStopped; {again}.", file=sys.stderr)
        return STOPPED


@contextmanager
def disk_errors(path: Path, fault: str = "cannot be written", advice: str = "") -> Iterator[None]:
    """Inside the block an `OSError` becomes a `LrpAudioError` about its own file, or `path`.

    It says what is wrong with the file, `fault`, and what to do, `advice`.
    """
    try:
        yield
    except OSError as error:
        name, reason = error.filename or path, error.strerror or error
        rest = f": {advice}" if advice else ""
        raise LrpAudioError(f"{name} {fault} ({reason}){rest}.") from error


def name_broken(errors: Sequence[ClipError], skip_broken: bool) -> int:
    """Print what is wrong with recordings of a corpus, a line each; returns the exit code so far.

    Raises `DataError` where there are such recordings and `skip_broken` does not leave them out.
    """
    for error in errors:
        say_error(error)
    if errors and not skip_broken:
        raise DataError(
            f"{len(errors)} recordings of the corpus cannot be used: mend or remove them, or give "
            "--skip-broken to go on without them."
        )
    return FAILED if errors else 0


def say_error(error: object) -> None:
    """Print `error` as one line on stderr, above the progress bars."""
    say(f"error: {error}")


def say(sentence: str) -> None:
    """Print `sentence` as one line on stderr, above the progress bars."""
    from tqdm import tqdm

    tqdm.write(printable(sentence), file=sys.stderr)
