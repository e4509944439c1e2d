"""What the files of all systems are drawn from: who said or remembers what, when, and what is odd about it.

Strategy: groups of pieces are drawn, the same for every system: a conversation with its messages, or a person with what is
remembered of him. Each piece is of a sort: plain, or one of those that a system has beside plain ones, such as a side branch, a
call of a tool or a deleted row. The first and the last piece of a group are plain, so that a group is always told by its shape.
Texts are drawn that no reader takes for anything but words: some are not ASCII, some hold quotes, markup or several lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from hypothesis import strategies as st

from memproc.testing.drawing import SEEDS

SOME = "(made)"
"""Stands for an id or a conversation that the system does not name, so that memproc makes one."""

_START = datetime(2025, 3, 21, 10, tzinfo=UTC)  # a day that no reader takes for a month
_WORDS = ("amber", "brook", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "knoll", "ledge")
_ODD = (
    "Ægir’s café has a naïve waiter – at 5 °C ☕",
    "彼女は京都に住んでいる",
    "Он живёт у моря",
    "هي تحب الشاي",
    "He said \"no, never\", twice; she said 'yes'",
    "A <b>bold</b> plan & a 50% chance",
    "C:\\new\\table is a folder, {braces} are no fields",
)
_OF_LINES = ("First this\nThen that", "One paragraph\n\nAnd one more\nof two lines")
_OWNERS = ("ann", "tomás")
_MOST_PIECES = 4  # between the first and the last


class Said(NamedTuple):
    """What a memory of a file is read as. `SOME` as an id or a conversation: there is one, which memproc makes."""

    content: str
    kind: str = "fact"
    namespace: str = "default"
    subject: str | None = None
    conversation: str | None = None
    id: str | None = None
    created_at: datetime | None = None
    tags: tuple[str, ...] = ()
    valid_to: datetime | None = None
    relations: tuple[tuple[str, str], ...] = ()


class Piece(NamedTuple):
    """One thing that is said or remembered, by the number of its group and its own in that. `sort` is empty if it is plain."""

    text: str
    sort: str
    group: int
    number: int

    @property
    def id(self) -> str:
        """An id that no other piece of the file has."""
        return f"m-{self.group}-{self.number}"

    @property
    def owner(self) -> str:
        """Whose it is."""
        return _OWNERS[self.group]

    @property
    def talk(self) -> str:
        """The id of the conversation."""
        return f"talk-{self.group}"

    @property
    def begun(self) -> datetime:
        """When the conversation began."""
        return _START + timedelta(hours=self.group)

    @property
    def at(self) -> datetime:
        """When it was said; a side branch is older than what is shown."""
        return self.begun + timedelta(minutes=0 if self.sort == "side" else self.number + 1)

    @property
    def iso(self) -> str:
        """When it was said, as most systems write it."""
        return iso(self.at)

    @property
    def epoch(self) -> int:
        """When it was said, in seconds."""
        return int(self.at.timestamp())

    @property
    def is_user(self) -> bool:
        """Whether the user said it, and not the assistant."""
        return self.number % 2 == 0

    @property
    def role(self) -> str:
        """Who said it, to an assistant."""
        return "user" if self.is_user else "assistant"

    @property
    def name(self) -> str:
        """Who said it, among people."""
        return "Ann" if self.is_user else "Zoë"


class Group(NamedTuple):
    """A conversation with its messages, or a person with what is remembered of him."""

    number: int
    pieces: tuple[Piece, ...]

    @property
    def head(self) -> Piece:
        """A piece that only tells of whom and when the group is."""
        return Piece("", "", self.number, -1)


Groups = Sequence[Group]
Built = Any  # JSON values, a text, bytes, or of an archive a mapping from names to these


class System(NamedTuple):
    """How a file of a system is made: its name, how it is built from groups, and what is read of a plain piece.

    `odd` are sorts of pieces that are read as plain ones are. `left` are those that are left out, each with the kind under which it
    is counted, `partly` those of which only something beside is. `beside` counts what each group has that is left out, `once` what
    the file has. `empty` is the kind that a group without pieces is counted as; without it no group is empty, and without
    `may_be_empty` not the first. `most` groups are in
    a file. `is_told`: the format is told by the shape of the file, and need not be named. `has_lines`: a text may have several.
    `format` is the name of the format that reads it, if it is not that of the strategy.
    """

    file: str
    build: Callable[[Groups], Built]
    said: Callable[[Piece], Said | tuple[Said, ...]]
    odd: tuple[str, ...] = ()
    left: Mapping[str, str] = {}
    partly: Mapping[str, str] = {}
    beside: Mapping[str, int] = {}
    once: Mapping[str, int] = {}
    empty: str = ""
    may_be_empty: bool = False
    most: int = 2
    is_told: bool = True
    has_lines: bool = True
    format: str = ""
    order: Callable[[Piece], Any] | None = None


def texts(*, has_lines: bool) -> st.SearchStrategy[str]:
    """Draw a text, of several lines only where it may have them."""
    words = st.lists(st.sampled_from(_WORDS), min_size=3, max_size=6).map(" ".join)
    return st.sampled_from((*SEEDS, *_ODD, *(_OF_LINES if has_lines else ()))) | words


@st.composite
def groups(draw: st.DrawFn, system: System) -> list[Group]:
    """Draw the groups of a file."""
    sorts = st.lists(st.sampled_from(("", *system.odd, *system.left, *system.partly)), max_size=_MOST_PIECES)
    said = texts(has_lines=system.has_lines)
    drawn = []
    for number in range(draw(st.integers(1, system.most))):
        middle = draw(sorts)
        is_empty = bool(system.empty and (number or system.may_be_empty) and draw(st.booleans()))
        kinds = [] if is_empty else ["", *middle, ""] if middle else [""]
        pieces = (Piece(draw(said), kind, number, at) for at, kind in enumerate(kinds))
        drawn.append(Group(number, tuple(pieces)))
    return drawn


def one_of_each(system: System) -> list[Group]:
    """Return groups with one piece of each sort, the same each time."""
    said = (*_ODD, *(_OF_LINES if system.has_lines else ()), *SEEDS)
    sorts = ("", *system.odd, *system.left, *system.partly, "")
    pieces = tuple(Piece(said[at % len(said)], sort, 0, at) for at, sort in enumerate(sorts))
    more = [Group(1, () if system.empty else (Piece(said[-1], "", 1, 0),))] if system.most > 1 else []
    return [Group(0, pieces), *more]


def pieces_of(found: Groups) -> list[Piece]:
    """Return all pieces, in order."""
    return [*chain.from_iterable(group.pieces for group in found)]


def each(build: Callable[[Piece], Built]) -> Callable[[Groups], list[Built]]:
    """Return how a file is built that is a list with one object for each piece."""
    return lambda found: [build(piece) for piece in pieces_of(found)]


def iso(at: datetime) -> str:
    """Return a time as most systems write it."""
    return at.isoformat().replace("+00:00", "Z")


def message(piece: Piece, **others: Any) -> Said:
    """Return what is read of a message with a role, an id, a time and a conversation; `others` are fields that differ."""
    fields = {"subject": piece.role, "conversation": piece.talk, "id": piece.id, "created_at": piece.at}
    return Said(piece.text, "message", **{**fields, **others})


def fact(piece: Piece, **others: Any) -> Said:
    """Return what is read of a fact with an owner, an id and a time; `others` are fields that differ."""
    return Said(piece.text, **{"namespace": piece.owner, "id": piece.id, "created_at": piece.at, **others})
