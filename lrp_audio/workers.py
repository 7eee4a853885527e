"""Where pieces of work run: in this process, in processes beside it, or on a Dask cluster.

joblib starts the processes and speaks to Dask; what is added here is that a lost process does not
lose the run, and that processes share the cores instead of each taking all.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

import lrp_audio
from lrp_audio.errors import WorkerError
from lrp_audio.kernels.threads import available_cores

Piece = TypeVar("Piece")
Result = TypeVar("Result")

_MOST_LOSSES = 3  # in a row, without a piece done between them
_PATIENCE = 20.0  # seconds to wait for a scheduler


@dataclass(frozen=True)
class Workers:
    """`jobs` processes on this machine, or the Dask cluster whose scheduler listens at `dask`.

    With one job the work is done here, with all threads. Otherwise each process gets its share of
    the cores; a worker of a cluster gets one for each of its own threads. A cluster's machines
    need this package and see the same files under the same paths.
    """

    jobs: int = 1
    dask: str | None = None

    def run(
        self, work: Callable[[Piece], Result], pieces: Sequence[Piece]
    ) -> Iterator[tuple[Piece, Result]]:
        """Each piece with what ``work(piece)`` returned, as they are done, in no certain order.

        The pieces of a worker that dies are given to another. Raises what `work` raised, and
        `WorkerError` where workers keep dying or the cluster cannot be reached.
        """
        if self == HERE:
            yield from ((piece, work(piece)) for piece in pieces)
            return
        with ExitStack() as stack:
            if self.dask is not None:
                _join(self.dask, stack)
            yield from self._shared(work, pieces)

    def _shared(
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

        count = -1 if self.dask is not None else self.jobs
        threads = 1 if self.dask is not None else max(1, available_cores() // self.jobs)
        parallel = Parallel(n_jobs=count, return_as="generator_unordered", batch_size=1)
        yield from parallel(
            delayed(_numbered)(work, threads, number, piece) for number, piece in list(left.items())
        )


HERE = Workers()
"""This process alone."""


def _numbered(
    work: Callable[[Any], Result], threads: int, number: int, piece: Any
) -> tuple[int, Result]:
    lrp_audio.threads(threads)
    return number, work(piece)


def _join(address: str, stack: ExitStack) -> None:
    """Make the cluster at `address` the one that joblib uses."""
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
