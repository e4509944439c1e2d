"""A source that is open, and all that were found in what was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

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
