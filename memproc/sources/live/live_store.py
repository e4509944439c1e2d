"""A store of another program as a source of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from memproc.errors import UsageError
from memproc.sources.live.address import Address, address_of, shown
from memproc.sources.live.calls import Call
from memproc.sources.live.systems import SYSTEMS, Backend, Kept, System, backend_of
from memproc.sources.remote import Mark, Marked, Visit


@dataclass(frozen=True)
class LiveStore:
    """The store of another program where it is, as a source for `ingest`: `LiveStore("mem0:///tmp/qdrant?collection=farm")`.

    `address` is `SYSTEM+BACKEND://WHERE`; the backend may be left out for the first of a system: mem0 (`qdrant`, `qdrant+http`,
    `qdrant+https`, `chroma`, `chroma+http`, `chroma+https`, `pgvector`), langgraph (`sqlite`, `postgresql`), letta (`postgresql`,
    `sqlite`), graphiti (`neo4j`, `neo4j+s`, `bolt`, `bolt+s`, `falkordb`), mcp-memory-service (`sqlite`), memori (`sqlite`,
    `postgresql`, `mysql`). It is only read. Raises UsageError if the address is none of these.

    >>> LiveStore("langgraph+postgresql://ann:secret@localhost/app").label
    'langgraph+postgresql://ann:***@localhost/app'
    """

    address: str

    def __post_init__(self) -> None:
        """Check the address."""
        _ = self._parts

    def __repr__(self) -> str:
        """Return it without a password."""
        return f"LiveStore({self.label!r})"

    @cached_property
    def _parts(self) -> tuple[System, Address, Backend]:
        found = address_of(self.address)
        if found is None:
            raise UsageError("the address of a store is SYSTEM://WHERE, as in mem0:///tmp/qdrant")
        return backend_of(found)

    @property
    def label(self) -> str:
        """How messages name it, without its password."""
        return shown(self._parts[1])

    @property
    def identity(self) -> Sequence[object]:
        """What tells it from others, without its password."""
        address = self._parts[1]
        is_path = self._parts[2].kept is Kept.IN_FILES
        return [str(Path(address.where).expanduser().resolve()) if is_path else "", self.label]

    @property
    def format_name(self) -> str:
        """The format that reads its items."""
        return self._parts[0].format

    @property
    def is_table(self) -> bool:
        """Whether it is a table of the user's own making: it never is."""
        return False

    @property
    def is_followed(self) -> bool:
        """Whether a new job goes on where the last one ended: it does not, as an item may have changed."""
        return False

    @property
    def from_start(self) -> bool:
        """Whether it is wanted once more from its beginning: it is never read otherwise."""
        return False

    @property
    def column_of_change(self) -> None:
        """None: its format knows the dates of its items."""
        return

    def found(self, behind: Mark | None, visit: Visit | None = None) -> Iterator[Marked]:
        """Yield its items, those behind a mark. Raises SourceError if it cannot be read."""
        del visit
        _, address, backend = self._parts
        return backend.reads(address, behind)

    def remarks(self, visit: Visit) -> Sequence[str]:
        """Return nothing: there is nothing to tell of it."""
        del visit
        return ()

    def next_start(self, mark: Mark) -> Mark | None:
        """Return where a later job begins: None, at the beginning."""
        del mark
        return None

    def deletion_of(self, item: Mapping[str, Any]) -> Call | None:
        """Return the call that deletes an item there, None if there is none for items of its kind."""
        _, address, backend = self._parts
        return backend.deletes(address, item)

    def telling_of(self, item: Mapping[str, Any], text: str) -> Call | None:
        """Return the call that gives an item another text there, None if there is none for items of its kind."""
        system, address, _ = self._parts
        return system.tells(address, item, text)

    def replacing_of(self, item: Mapping[str, Any], by: Mapping[str, Any], at: str) -> Call | None:
        """Return the call that marks an item there as replaced by another one at a time, None if there is none."""
        system, address, _ = self._parts
        return None if system.replaces is None else system.replaces(address, item, by, at)

    def marks_replaced(self) -> bool:
        """Return whether the program keeps what was replaced, and marks it."""
        return self._parts[0].replaces is not None


def is_address(text: str) -> bool:
    """Return whether a text is the address of a store that memproc knows."""
    found = address_of(text)
    return found is not None and found.system in SYSTEMS
