"""A source that is open, and all that were found in what was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from memproc.errors import OversizedError, SourceError, UsageError
from memproc.ingestion.places import unnumbered
from memproc.ingestion.refusing import unread_notes
from memproc.intake import Intake
from memproc.sources.deliveries import Deliveries
from memproc.sources.items import Items, Piece
from memproc.sources.remote import Mark, Remote, RemoteStream

Given = Path | IO[Any] | Remote


class Source(NamedTuple):
    """An open source: its name in the store, the intake of its items, the items, and its size in bytes. `file` is the file on disk
    that it is in, None if it can be read only once. `passed` counts its first items that are no records. `conversation` is the one
    that it holds, if its items are messages. `remote` tells the marks of its records, if it is in no file.
    """

    name: str
    intake: Intake
    items: Iterator[Piece]
    opened: Items
    size: int | None
    file: Path | None = None
    passed: int = 0
    conversation: str | None = None
    remote: RemoteStream | None = None

    @property
    def can_reread(self) -> bool:
        """Whether it can be read from its beginning once more."""
        return self.file is not None or self.remote is not None

    @property
    def mark_behind(self) -> Callable[[int], Mark | None] | None:
        """What tells the mark behind so many items, None if there are no marks."""
        return None if self.remote is None else self.remote.mark_behind

    def pieces_behind(self, items: int, mark: Mark | None) -> Iterator[Piece]:
        """Return the pieces of a remote source behind so many items, the last of which has this mark; of another one all pieces."""
        if self.remote is None:
            return self.items
        return unnumbered(self.remote.items(mark, items), self.conversation)


class Sources(NamedTuple):
    """All sources, and the deliveries they were found in, None for an iterable. `named` are those that the caller gave
    by themselves, by their number in what was given.
    """

    all: list[Source]
    found: Deliveries | None = None
    named: Mapping[int, Source] = {}

    def close(self) -> None:
        """Close all files."""
        for source in self.all:
            source.opened.close()
        if self.found is not None:
            self.found.close()

    def notes(self, *, redacts: bool) -> Iterator[str]:
        """Return the notes on files that were not read."""
        untold = self.found.untold if self.found is not None else []
        return unread_notes([error.redacted if redacts else str(error) for error in untold])


class Lookahead:
    """The pieces of a source, the first of which can be read ahead. An exception met then is raised again in its place."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
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
