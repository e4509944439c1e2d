"""Looks at the first pieces of a source, and gives them back before the rest of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from memproc.errors import OversizedError, SourceError, UsageError
from memproc.sources.items import Piece


class Lookahead:
    """The pieces of a source, the first of which can be read ahead. An exception met then is raised again in its place."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        """`failure` holds the exception that was met."""
        self._pieces = pieces
        self._taken: list[Piece] = []
        self.failure: Exception | None = None

    def read_ahead(self, count: int) -> list[Piece]:
        """Read ahead and return up to `count` pieces. Raises UsageError if the source is not valid at all."""
        before = len(self._taken)
        try:
            for piece in islice(self._pieces if self.failure is None else (), count):
                self._taken.append(piece)
        except UsageError:
            raise
        except OversizedError as error:
            raise SourceError(str(error)) from error
        except Exception as error:  # noqa: BLE001 - the source is the caller's and may raise anything
            self.failure = error
        return self._taken[before:]

    def drop_first(self) -> None:
        """Leave out the first piece, which is a head and not a record."""
        del self._taken[:1]

    def all_pieces(self) -> Iterator[Piece]:
        """Yield all pieces, including those read ahead."""
        yield from self._taken
        if self.failure is not None:
            raise self.failure
        yield from self._pieces
