"""Forks of this process while other threads work."""

import os
from typing import Protocol


class Lockable(Protocol):
    """What can be held, such as a lock."""

    def acquire(self) -> object:
        """Wait until it is free, and hold it."""

    def release(self) -> object:
        """No longer hold it."""


def fork_outside(lock: Lockable) -> None:
    """Let every fork of this process wait for `lock`, and hold it.

    The child has only the thread that forked: a lock that another one held at that moment would
    stay held for ever.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )
