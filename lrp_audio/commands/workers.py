"""Where pieces of work run: in this process, in several on this machine, or on a Dask cluster.

joblib starts the processes and submits work to Dask. This module adds that a run survives the
death of a process, that processes share the cores instead of each using all, and that they work
in the folder and environment of the caller, whenever they were started.
"""

import os
import signal
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lrp_audio.errors import WorkerError
from lrp_audio.kernels.threads import thread_count, threads

Piece = TypeVar("Piece")
Result = TypeVar("Result")

_MOST_LOSSES = 3  # in a row, without a piece done between them
_PATIENCE = 20.0  # seconds to wait for an answer of the scheduler
_SUBMITTING = "ExecutorManagerThread"  # the name of joblib's thread that feeds the processes
_SECONDS_TO_CLOSE = 1.0


@dataclass(frozen=True)
class Workers:
    """`jobs` processes on this machine, or the Dask cluster whose scheduler listens at `dask`.

    With one job or one piece of work, the work is done in this process, with all threads. Otherwise
    as many processes start as there are pieces, at most `jobs`, and each gets its share of the
    threads; a worker of a cluster gets one for each of its own threads. Relative paths mean the
    same everywhere. The machines of a cluster need this package, and the same files under the same
    paths.
    """

    jobs: int = 1
    dask: str | None = None

    def run(
        self, work: Callable[[Piece], Result], pieces: Sequence[Piece]
    ) -> Iterator[tuple[Piece, Result]]:
        """Each piece with the result of ``work(piece)``, as they are done, in no certain order.

        If a worker dies, another one does its pieces. Raises what `work` raised, and `WorkerError`
        if workers keep dying or the cluster cannot be reached.
        """
        if self._serial(pieces):
            yield from ((piece, work(piece)) for piece in pieces)
            return
        with ExitStack() as stack:
            if self.dask is not None:
                _join(self.dask, stack)
            yield from self._parallel(work, pieces)

    def stream(
        self, work: Callable[[Piece], Iterable[Result]], pieces: Sequence[Piece]
    ) -> Iterator[Result]:
        """The results that the iterables ``work(piece)`` yield; raises as `run` does.

        In this process each result comes as soon as it is made, from others with all of its piece.
        """
        if self._serial(pieces):
            for piece in pieces:
                yield from work(piece)
        else:
            for _, results in self.run(partial(_listed, work), pieces):
                yield from results

    def _serial(self, pieces: Sequence[Any]) -> bool:
        return self.dask is None and min(self.jobs, len(pieces)) <= 1

    def _parallel(
        self, work: Callable[[Piece], Result], pieces: Sequence[Piece]
    ) -> Iterator[tuple[Piece, Result]]:
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        left = dict(enumerate(pieces))
        losses = 0
        while left:
            try:
                for number, result in self._round(work, left):
                    losses = 0
                    yield left.pop(number), result
            except TerminatedWorkerError as error:
                losses += 1
                if losses == _MOST_LOSSES:
                    raise WorkerError(
                        f"A worker process died {losses} times in a row: the memory may not do for "
                        f"{self.jobs}, so ask for fewer with --jobs. What is done is kept."
                    ) from error

    def _round(
        self, work: Callable[[Piece], Result], left: dict[int, Piece]
    ) -> Iterator[tuple[int, Result]]:
        from joblib import Parallel, delayed

        if self.dask is None:
            count = min(self.jobs, len(left))
            context = _Context(Path.cwd(), max(1, thread_count() // count), dict(os.environ))
        else:
            count, context = -1, _Context(Path.cwd(), 1, None)
        parallel = Parallel(n_jobs=count, return_as="generator_unordered", batch_size=1)
        calls = [delayed(_numbered)(work, context, *numbered) for numbered in left.items()]
        results: Generator[tuple[int, Result], None, None] | None = None
        # Of a worker that was idle for long and stops just now. Where warnings are errors, it would
        # end the thread of joblib that replaces this worker, and the results would never come.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
        try:
            with _without_interrupts():  # the processes start here
                results = parallel(calls)
            for found in results:  # noqa: UP028 - "yield from" would close them before the end
                yield found
        finally:
            if results is not None:
                _close(results)


@dataclass(frozen=True)
class _Context:
    """The caller's folder, threads and environment, in which a worker does its pieces.

    The `environment` is None for the machines of a cluster, which have their own.
    """

    folder: Path
    threads: int
    environment: Mapping[str, str] | None

    def enter(self) -> None:
        """Make it that of this process, which may have been started in another one."""
        try:
            os.chdir(self.folder)
        except OSError as error:
            raise WorkerError(
                f"A worker cannot work in {self.folder} ({error.strerror}): give the command in a "
                "folder that all machines of the cluster see."
            ) from error
        if self.environment is not None and os.environ != self.environment:
            os.environ.clear()
            os.environ.update(self.environment)
        threads(self.threads)


SERIAL = Workers()
"""This process alone."""


def _numbered(
    work: Callable[[Any], Result], context: _Context, number: int, piece: Any
) -> tuple[int, Result]:
    context.enter()
    return number, work(piece)


def _listed(work: Callable[[Any], Iterable[Result]], piece: Any) -> list[Result]:
    return list(work(piece))


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes started in the block do not receive Ctrl-C; this one receives it after the block.

    This process stops them, so that none is left and none prints a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # its start unblocks the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _close(results: Generator[Any, None, None]) -> None:
    """Give up the pieces that are not done, without any word of joblib about it.

    Its thread may still have one to submit after it has dropped all: it then fails.
    """
    submitting = [found for found in threading.enumerate() if found.name == _SUBMITTING]
    usual = threading.excepthook

    def others_only(failure: threading.ExceptHookArgs) -> None:
        if failure.thread not in submitting:
            usual(failure)

    threading.excepthook = others_only
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.close()
        for found in submitting:
            found.join(_SECONDS_TO_CLOSE)
    finally:
        threading.excepthook = usual


def _join(address: str, stack: ExitStack) -> None:
    """Make joblib use the cluster at `address` until `stack` is closed."""
    try:
        from distributed import Client
    except ImportError as error:
        raise WorkerError(
            "A Dask cluster needs the package distributed: pip install 'lrp-audio[dask]'."
        ) from error
    from joblib import parallel_config

    try:
        client = stack.enter_context(Client(address, timeout=_PATIENCE))  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise WorkerError(
            f"No Dask scheduler answers at {address!r} ({error}): expected an address such as "
            "tcp://192.168.0.10:8786, as 'dask scheduler' prints it."
        ) from error
    if not client.scheduler_info()["workers"]:
        raise WorkerError(
            f"The Dask cluster at {address} has no workers: start some with 'dask worker "
            f"{address} --nthreads 1 --nworkers auto'."
        )
    stack.enter_context(parallel_config(backend="dask"))
