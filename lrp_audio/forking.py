"""Locks that stay usable in a process that was forked while other threads were running."""

import os
from typing import Protocol


class Lockable(Protocol):
    """A lock, or an object that is acquired and released like one."""

    def acquire(self) -> object:
        """Wait until it is free, and acquire it."""

    def release(self) -> object:
        """Release it."""


def fork_outside(lock: Lockable) -> None:
    """Acquire `lock` before every fork of this process, and release it in both processes after.

    The child has only the thread that forked: a lock that another thread held at that moment would
    never be released.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )
