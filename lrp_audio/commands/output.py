"""Standard output and error whose failure, as of a closed pipe, does not interrupt a command."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any

from lrp_audio.commands.text import harmless

_GONE = (errno.EPIPE, errno.EBADF)
"""Errors of an output whose reader has closed it, as after ``| head``."""

_UP = "\x1b[A"
"""What tqdm prints to move to the bar above, the only command that is let through."""


class SafeStream:
    """A text stream like `stream`, except that a write to it never fails and commands no terminal.

    Characters that its encoding lacks are escaped, and control characters, whoever prints them: a
    library may print the name of a file in a warning. After an error of the stream, further text is
    discarded; `error` holds that error, unless it is only that the reader has closed the stream.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._open = True
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Write `text` if the stream still works; returns its length."""
        if self._open:
            with self._guarded():
                encoding = self._stream.encoding or "utf-8"
                shown = _UP.join(map(harmless, text.split(_UP)))
                self._stream.write(shown.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Write what is buffered, if the stream still works."""
        if self._open:
            with self._guarded():
                self._stream.flush()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._close(None if error.errno in _GONE else error)
        except ValueError:
            if not self._stream.closed:
                raise
            self._close(None)

    def _close(self, error: OSError | None) -> None:
        self._open, self.error = False, error
        # At exit, Python writes what is still buffered: direct that to the null device.
        with suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def lasting_output() -> Iterator[tuple[SafeStream, SafeStream]]:
    """Inside the block, ``sys.stdout`` and ``sys.stderr`` are the streams that it yields."""
    _open_standard_files()
    with ExitStack() as stack:
        out = SafeStream(sys.stdout or stack.enter_context(_null()))
        err = SafeStream(sys.stderr or stack.enter_context(_null()))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        yield out, err
        out.flush()


def _null() -> Any:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123


def _open_standard_files() -> None:
    """Open descriptors 0 to 2 where they are closed, so that no other file gets their numbers."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
