"""What becomes of a store where its process forks (gunicorn with --preload, `multiprocessing`): the child begins afresh, the parent
goes on.

Facts: SQLite notes once for a process which locks it holds on a file. A fork copies that note and not the locks, so a child that
opens the file while its parent has it open believes to hold what it does not; as the parent closes it, the log goes, and with it
what the child writes from then on. A server's connection is a socket that both have: what one sends, the other is answered.
Python's locks are copied as they are: one that another thread held is held for ever.

Rules: before a fork SQLite's connections are closed, those of other threads as they are given back, for which the fork waits
`WAIT_SECONDS` at most. A file that is open all the same, as where a thread forks within a transaction of its own, cannot be used in
the child. A server's sockets are cut off in the child, and left alone in the parent. What was begun in the parent is not ended in
the child, by an exception or at its exit.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

from memproc.errors import StoreError
from memproc.in_use import identity_of

WAIT_SECONDS = 10.0

Given = TypeVar("Given")


class Heir(Protocol):
    """What has to be told of forks."""

    def before_fork(self) -> None:
        """Let go of what two processes cannot share."""

    def after_fork(self, *, is_child: bool) -> None:
        """Go on, or begin afresh where this is the child."""


_heirs: WeakSet[Any] = WeakSet()


def tell_of_forks(heir: Heir) -> None:
    """Tell an object of every fork of this process, as long as it lives."""
    _heirs.add(heir)


class Gate:
    """Who holds connections, by thread. While it is shut nobody gets one but those who hold another."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: Counter[int] = Counter()
        self._shut = 0  # by so many forks at once

    @property
    def is_empty(self) -> bool:
        """Whether nobody is inside."""
        return not self._inside

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be inside for a while."""
        process, thread = os.getpid(), threading.get_ident()
        with self._changed:
            while self._shut and not self._inside[thread]:
                self._changed.wait()
            self._inside[thread] += 1
        try:
            yield
        finally:
            if os.getpid() == process:  # else the lock may be one that no thread of this process will ever let go
                with self._changed:
                    self._inside -= Counter([thread])
                    self._changed.notify_all()

    def shut(self, most_seconds: float) -> None:
        """Let nobody in, and wait until the others are out; not where this thread is inside, for then it is of no use."""
        deadline = monotonic() + most_seconds
        with self._changed:
            self._shut += 1
            while self._inside and threading.get_ident() not in self._inside and (left := deadline - monotonic()) > 0:
                self._changed.wait(left)

    def open(self) -> None:
        """Let all in again."""
        with self._changed:
            self._shut -= 1
            self._changed.notify_all()


@contextmanager
def ended_where_begun(begun: AbstractContextManager[Given]) -> Iterator[Given]:
    """Do as a context does, but leave it as it is where the process was forked inside: it is the parent's to end."""
    process = os.getpid()
    with ExitStack() as stack:
        given = stack.enter_context(begun)
        try:
            yield given
        finally:
            if os.getpid() != process:
                keep_for_ever(stack.pop_all())


def keep_for_ever(thing: object) -> None:
    """Let an object never be finalized, not even at the end of the process."""
    import ctypes  # noqa: PLC0415 - in a child only, and there seldom

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def cut_off(descriptor: int) -> None:
    """Let a descriptor lead nowhere in this process; in others it stays what it is."""
    if descriptor < 0:
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(nowhere, descriptor, inheritable=False)
    finally:
        os.close(nowhere)


_unusable: set[tuple[int, int]] = set()  # files that the parent had open, by device and number


def make_unusable(file: Path) -> None:
    """Note that a file was open as this process was forked."""
    _unusable.update(identity_of(file))


def check_usable(file: Path) -> None:
    """Raise StoreError on a file that was open as this process was forked."""
    if _unusable and not _unusable.isdisjoint(identity_of(file)):
        raise StoreError(
            f"{file} was being read or written as this process was forked, and SQLite cannot open it here: "
            "fork outside of rehearsals and of loops over a store, or begin the process with spawn"
        )


def _tell(word: Callable[[Heir], None]) -> None:
    for heir in list(_heirs):
        word(heir)


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(
        before=lambda: _tell(lambda heir: heir.before_fork()),
        after_in_parent=lambda: _tell(lambda heir: heir.after_fork(is_child=False)),
        after_in_child=lambda: _tell(lambda heir: heir.after_fork(is_child=True)),
    )
