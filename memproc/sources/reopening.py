"""Files that are opened when they are read, and closed behind: there may be more of them than a process may have open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from memproc.errors import SourceEndedError, SourceError
from memproc.sources.items import Items, Piece, Reading


class Later:
    """The open file of a source, while there is one. What reading finds besides the items goes to `reading`."""

    def __init__(self, opens: Callable[[], Items], reading: Reading) -> None:
        self._opens, self._reading = opens, reading
        self._opened: Items | None = None

    def items(self, passed: int) -> Iterator[Piece]:
        """Open the file and yield its items but for the first ones. Raises SourceEndedError if it cannot be read any more."""
        try:
            self._opened = self._opens()
        except SourceError as error:
            raise SourceEndedError(f"{error}: it could be read when the job began") from error
        try:
            yield from islice(self._opened.items, passed, None)
        finally:
            if (found := self._opened.reading) is not None:
                self._reading.unread.update(found.unread)
                self._reading.remarks += [remark for remark in found.remarks if remark not in self._reading.remarks]
            self.close()

    @property
    def closed(self) -> bool:
        """Whether the file is closed, or not open yet."""
        return self._opened is None or self._opened.stream is None or self._opened.stream.closed

    def tell(self) -> int:
        """Return how many bytes are read."""
        return 0 if self._opened is None or self._opened.stream is None else self._opened.stream.tell()

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._opened is not None:
            self._opened.close()
