"""A relation as a fact states it, and the clause that states it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from memproc.dedup.changes.relation_list import EVERY_FACET, Sort, Stems

ROLE = Sort("job", "role")
WHEN, DEATH = Sort("event", "when"), Sort("event", EVERY_FACET)


class Relation(NamedTuple):
    """What a fact states.

    `about` is the relation and its subject, empty if it is not one of the list; `facet` is the facet within the relation; `value`
    holds the stems of the value. `topic` is what may be over and its subject, empty if the fact states nothing of the kind.
    `is_over` tells whether the fact says that it is over; `by` is the verb that says so, or the verb of what may be over.
    """

    about: str
    facet: str
    value: frozenset[str]
    topic: str
    is_over: bool
    by: str


class Subject(NamedTuple):
    """Of whom a fact speaks, empty for the speaker, and of what of theirs, as stems."""

    owner: str
    nouns: Stems

    @property
    def name(self) -> str:
        """The owner and the nouns, joined by spaces."""
        return " ".join(filter(None, (self.owner, *self.nouns)))


class Clause(NamedTuple):
    """The words of a fact in the order of the list, its subject, and whether it says that what it states is over."""

    words: Sequence[str]
    subject: Subject
    is_over: bool


def relation(clause: Clause, sort: Sort | None, value: Stems, by: str, topic: str = "") -> Relation:
    """Return a relation that a clause states; `sort` is None if it is not one of the list."""
    name = clause.subject.name
    about, facet = (f"{sort.name} of {name}", sort.facet) if sort else ("", "")
    return Relation(about, facet, frozenset(value), f"{name} {topic}" if topic else "", clause.is_over, by)
