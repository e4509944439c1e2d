"""Records that stand in no file: in a database, behind a web API, in the store of another program.

Rules: such a source finds its place by itself. With each record it gives a *mark*, a JSON value that says where reading goes on
behind it, whatever was added or removed elsewhere since. A job keeps the mark of its last committed record, so that it is resumed
exactly there. What ends the reading early is a `SourceEndedError`; what comes before it is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from memproc.errors import MemprocError, SourceEndedError, SourceError
from memproc.records import Category
from memproc.sources.items import Item
from memproc.sources.rows import TOO_LONG
from memproc.validation import fault

Mark = Any  # a JSON value without secrets


class Marked(NamedTuple):
    """A record as an item, and the mark behind it."""

    item: Item
    mark: Mark


@runtime_checkable
class Remote(Protocol):
    """What a remote source has to give."""

    @property
    def label(self) -> str:
        """How messages and positions name it, without passwords."""

    @property
    def identity(self) -> Sequence[object]:
        """What tells it from other sources, as JSON values without secrets: by this an unfinished job on it is found again."""

    @property
    def format_name(self) -> str | None:
        """The name of the format of its records, None where it is found by their shape."""

    @property
    def is_table(self) -> bool:
        """Whether each record is a row, of which columns are given."""

    @property
    def is_followed(self) -> bool:
        """Whether a new job goes on where the last one on this source ended."""

    def found(self, behind: Mark | None) -> Iterator[Marked]:
        """Yield the records behind a mark, None for all, in an order that stays. Raises SourceError if nothing can be read."""

    def next_start(self, mark: Mark) -> Mark | None:
        """Return the mark from which a later job finds all that is new since the record of a mark was read."""


@runtime_checkable
class Remarked(Protocol):
    """A remote source that has something to tell before it is read."""

    def remarks(self) -> Sequence[str]:
        """Return what the report has to tell of it."""


def remarks_of(remote: Remote) -> list[str]:
    """Return what a remote source has to tell before it is read."""
    return [*remote.remarks()] if isinstance(remote, Remarked) else []


def begins_anew(remote: Remote) -> bool:
    """Return whether the caller wants all of a source that is followed once more: it says so by an attribute `from_start`."""
    return bool(getattr(remote, "from_start", False))


def column_of_change(remote: Remote) -> str | None:
    """Return the name of the value that grows whenever a record is changed: a source says so by an attribute of this name."""
    return getattr(remote, "column_of_change", None)


class RemoteStream:
    """A remote source while it is read, with the marks of the records that are read and not committed yet. A record of more bytes
    than the limit is a faulty item.
    """

    def __init__(self, remote: Remote, limit_bytes: int | None = None) -> None:
        self.remote, self._limit_bytes = remote, limit_bytes
        self._reading: Iterator[Marked] | None = None
        self._marks: deque[tuple[int, Mark]] = deque()  # (records up to it, mark)
        self._at: Mark | None = None  # of the last record that was asked for

    def items(self, behind: Mark | None, passed: int = 0) -> Iterator[Item]:
        """Yield the items behind a mark, before which so many were passed. Raises SourceEndedError where reading fails."""
        self._at = behind
        self._marks.clear()
        reading = self._reading = self.remote.found(behind)
        try:
            for number, (item, mark) in enumerate(reading, passed + 1):
                self._marks.append((number, mark))
                yield item if self._limit_bytes is None else within(item, self._limit_bytes)
        except SourceEndedError:
            raise
        except Exception as error:  # a driver or a server raises errors of many kinds
            raise SourceEndedError(f"{self.remote.label} could not be read to its end: {told(error)}") from error
        finally:
            self.close()

    def mark_behind(self, items: int) -> Mark | None:
        """Return the mark behind so many items, and forget those before."""
        while self._marks and self._marks[0][0] <= items:
            self._at = self._marks.popleft()[1]
        return self._at

    @property
    def closed(self) -> bool:
        """Whether it is not being read."""
        return self._reading is None

    def tell(self) -> int:
        """Return 0: how many bytes are read is not known."""
        return 0

    def close(self) -> None:
        """End the reading."""
        reading, self._reading = self._reading, None
        if (close := getattr(reading, "close", None)) is not None:
            close()


def within(item: Item, limit_bytes: int) -> Item:
    """Return an item, or in place of one whose bytes are more than a limit the fault of it, with the start of them."""
    if item.raw is None or len(item.raw) <= limit_bytes:
        return item
    message = f"the record is longer than {limit_bytes} bytes; its start is kept"
    return Item(None, item.raw[:limit_bytes], fault("", TOO_LONG, message), Category.RESOURCE)


def looked_at(remote: Remote) -> Generator[Item]:
    """Yield the items of a remote source from its beginning, before any work. Raises SourceError where not even one can be read.

    What fails behind the first ones fails again when they are ingested.
    """
    is_readable = False
    try:
        for item, _ in remote.found(None):
            is_readable = True
            yield item
    except SourceError:
        raise
    except Exception as error:
        if is_readable:
            return
        raise SourceError(f"{remote.label} cannot be read: {told(error)}") from error


def told(error: Exception) -> str:
    """Return what an exception says: memproc's own by its message, one of a library with its class."""
    return str(error) if isinstance(error, MemprocError) else f"{type(error).__name__}: {error}"
