"""Records that stand in no file: in a database, behind a web API, in the store of another program.

Rules: such a source finds its place by itself. With each record it gives a *mark*, a JSON value that says where reading goes on
behind it, whatever was added or removed elsewhere since. A job keeps the mark of its last committed record, so that it is resumed
exactly there. What ends the reading early is a `SourceEndedError`; what comes before it is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from time import perf_counter
from typing import Any, NamedTuple, Protocol, runtime_checkable

from memproc.errors import MemprocError, SourceEndedError, SourceError
from memproc.records import Category
from memproc.sources.items import Item, Reading
from memproc.sources.rows import TOO_LONG
from memproc.validation import excerpt, fault

Mark = Any  # a JSON value without secrets


class LateError(SourceEndedError):
    """The time of a job is over, or will be before the source gives more: the job stops, and the source has not failed."""


class Ahead(NamedTuple):
    """The name of a value that grows with each change, and one of its values that is later than now."""

    name: str
    value: object


class Marked(NamedTuple):
    """A record as an item, and the mark behind it. `ahead` is what of it is no place to begin a later job at, as it is later than
    now.
    """

    item: Item
    mark: Mark
    ahead: Ahead | None = None


def without_end() -> float:
    """Return the seconds that are left where there is no limit."""
    return inf


def seconds_left_of(limit_seconds: float | None) -> Callable[[], float]:
    """Return what tells how many seconds are left of a limit that begins now."""
    end = inf if limit_seconds is None else perf_counter() + limit_seconds
    return lambda: end - perf_counter()


@dataclass(slots=True)
class Visit:
    """What belongs to one job on a source, however often it reads it: what shows beside the records, what tells how many seconds
    are left, and what the source has found out about itself and need not ask again.
    """

    reading: Reading = field(default_factory=Reading)
    seconds_left: Callable[[], float] = without_end
    known: dict[str, Any] = field(default_factory=dict)


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

    @property
    def from_start(self) -> bool:
        """Whether the caller wants all of a source that is followed once more."""

    @property
    def column_of_change(self) -> str | None:
        """The name of the value that grows whenever a record is changed, by which records are dated; None without one."""

    def found(self, behind: Mark | None, visit: Visit | None = None) -> Iterator[Marked]:
        """Yield the records behind a mark, None for all, in an order that stays. Raises SourceError if nothing can be read, and
        LateError where it would wait for longer than the visit may last.
        """

    def remarks(self, visit: Visit) -> Sequence[str]:
        """Return what the report has to tell of it, before it is read."""

    def next_start(self, mark: Mark) -> Mark | None:
        """Return the mark from which a later job finds all that is new since the record of a mark was read."""


class RemoteStream:
    """A remote source while it is read, with the marks of the records that are read and not committed yet. A record of more bytes
    than the limit is a faulty item.
    """

    def __init__(self, remote: Remote, visit: Visit, limit_bytes: int | None = None, *, redacts: bool = False) -> None:
        """`redacts` keeps what records hold out of what is told of them."""
        self.remote, self.visit, self._limit_bytes, self._redacts = remote, visit, limit_bytes, redacts
        self._reading: Iterator[Marked] | None = None
        self._marks: deque[tuple[int, Mark]] = deque()  # (records up to it, mark)
        self._at: Mark | None = None  # of the last record that was asked for

    def items(self, behind: Mark | None, passed: int = 0) -> Iterator[Item]:
        """Yield the items behind a mark, before which so many were passed. Raises SourceEndedError where reading fails."""
        self._at = behind
        self._marks.clear()
        reading = self._reading = self.remote.found(behind, self.visit)
        ahead: list[tuple[int, Ahead]] = []
        count = 0
        try:
            for number, (item, mark, later) in enumerate(reading, passed + 1):
                self._marks.append((number, mark))
                if later is not None:
                    count += 1
                    ahead = ahead or [(number, later)]
                yield item if self._limit_bytes is None else within(item, self._limit_bytes)
        except SourceEndedError:
            raise
        except Exception as error:  # a driver or a server raises errors of many kinds
            raise SourceEndedError(f"{self.remote.label} could not be read to its end: {told(error)}") from error
        finally:
            self.visit.reading.remarks += [self._told_ahead(count, *first) for first in ahead]
            self.close()

    def _told_ahead(self, count: int, number: int, first: Ahead) -> str:
        """Return what to tell of values that are later than now."""
        have = "1 record has" if count == 1 else f"{count} records have"
        shown = "" if self._redacts else f" ({excerpt(str(first.value))})"
        which = f"record {number}{shown}" if count == 1 else f"the first is record {number}{shown}"
        begins = "the next run does not begin there, and reads what is so late again"
        return f"{self.remote.label}: {have} a {first.name} later than now, {which}: {begins}"

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


def looked_at(remote: Remote, visit: Visit) -> Generator[Item]:
    """Yield the items of a remote source from its beginning, before any work. Raises SourceError where not even one can be read.

    What fails behind the first ones fails again when they are ingested.
    """
    is_readable = False
    try:
        for item, *_ in remote.found(None, visit):
            is_readable = True
            yield item
    except SourceError:
        raise
    except Exception as error:
        if is_readable:
            return
        late = ", and max_seconds are over before" if isinstance(error, LateError) else ""
        raise SourceError(f"{remote.label} cannot be read: {told(error)}{late}") from error


def told(error: Exception) -> str:
    """Return what an exception says: memproc's own by its message, one of a library with its class."""
    return str(error) if isinstance(error, MemprocError) else f"{type(error).__name__}: {error}"
