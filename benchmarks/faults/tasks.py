"""Tasks in children of this process, several at a time; each child starts as this process is."""

import os
import pickle
import select
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

Task = Callable[[], Any]


def in_children(tasks: Sequence[Task], jobs: int) -> Iterator[Any]:
    """The results of `tasks`, as they are done, at most `jobs` at a time.

    Raises `RuntimeError` where one of them raised something; its traceback is on stderr.
    """
    waiting, running = list(tasks), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            descriptor, child = _started(waiting.pop(0))
            running[descriptor] = child
        for descriptor in select.select(list(running), [], [])[0]:
            with os.fdopen(descriptor, "rb") as pipe:
                data = pipe.read()
            os.waitpid(running.pop(descriptor), 0)
            if not data:
                raise RuntimeError("A task could not be done.")
            yield pickle.loads(data)


def _started(task: Task) -> tuple[int, int]:
    """A pipe that will hold the result of `task`, and the child that does it."""
    ours, theirs = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _do(task, theirs)
    os.close(theirs)
    return ours, child


def _do(task: Task, pipe: int) -> NoReturn:
    try:
        with os.fdopen(pipe, "wb") as file:
            file.write(pickle.dumps(task()))
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(0)
