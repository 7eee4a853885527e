"""How every command runs: errors become sentences, and the exit code is 0, 2 or 130."""

import atexit
import gc
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType

from lrp_audio.commands.output import lasting_output
from lrp_audio.commands.text import printable
from lrp_audio.errors import ClipError, DataError, LrpAudioError

FAILED = 2
"""Exit code if an argument, a recording or the disk could not be used."""

STOPPED = 130
"""Exit code after Ctrl-C."""


def run(body: Callable[[], int], again: str) -> int:
    """Call `body`, which parses, works and prints; returns its exit code, or that of its failure.

    An error that a user can cause, or an error of the disk, becomes a sentence on stderr and code
    2; Ctrl-C becomes code 130 and `again`, which says how to continue. A closed output changes
    neither the work nor its code; an output that cannot be written is an error at the end. The
    `SystemExit` of a parser is raised again.
    """
    # At its end, Python looks for cycles among all objects of all modules: a tenth of a second. The
    # system takes the memory back anyway.
    atexit.register(gc.freeze)
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
    with _interrupts() as pressed:
        try:
            return body()
        except (Exception, KeyboardInterrupt) as error:
            if pressed or isinstance(error, KeyboardInterrupt):
                exec("")  # or CPython ends by the signal, if that came during an eval
                print(f"\nStopped; {again}.", file=sys.stderr)
                return STOPPED
            if isinstance(error, LrpAudioError):
                say_error(error)
            elif isinstance(error, OSError):
                name, reason = error.filename or "A file", error.strerror or error
                say_error(f"{name} cannot be used ({reason}): mend that; {again}.")
            elif isinstance(error, MemoryError):
                say_error(f"The memory does not do: ask for less at once; {again}.")
            else:
                raise
            return FAILED


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Inside the block, Ctrl-C also adds to the list, which is empty at first.

    Modules written in C may turn the `KeyboardInterrupt` that meets them into another error while
    they load, and a program that Ctrl-C ends is one that has failed.
    """
    pressed: list[int] = []
    usual = signal.getsignal(signal.SIGINT)
    if usual is not signal.default_int_handler or current_thread() is not main_thread():
        yield pressed
        return

    def press(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, usual)


@contextmanager
def disk_errors(path: Path, fault: str = "cannot be written", advice: str = "") -> Iterator[None]:
    """Inside the block an `OSError` becomes a `LrpAudioError` that names its file, or `path`.

    `fault` says what is wrong with that file, `advice` what to do.
    """
    try:
        yield
    except OSError as error:
        name, reason = error.filename or path, error.strerror or error
        rest = f": {advice}" if advice else ""
        raise LrpAudioError(f"{name} {fault} ({reason}){rest}.") from error


def name_broken(errors: Sequence[ClipError], skip_broken: bool) -> int:
    """Print the `errors` of a corpus's recordings, one line each; returns the exit code so far.

    Raises `DataError` if there are any, unless `skip_broken` says to go on without them.
    """
    for error in errors:
        say_error(error)
    if errors and not skip_broken:
        raise DataError(
            f"{len(errors)} recordings or folders of the corpus cannot be used: mend or remove "
            "them, or give --skip-broken to go on without them."
        )
    return FAILED if errors else 0


def say_error(error: object) -> None:
    """Print `error` as one line on stderr, above the progress bars."""
    say(f"error: {error}")


def say(sentence: str) -> None:
    """Print `sentence` as one line on stderr, above the progress bars."""
    from tqdm import tqdm

    tqdm.write(printable(sentence), file=sys.stderr)
