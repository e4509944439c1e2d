"""Who calls, and what of a store is theirs.

Facts: an id is no capability. It is a hash that whoever guesses a text can compute, so it is looked up whose a memory is before
anything is done with its id.

Rules: what is in another namespace is told as what is not there, in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from memproc.errors import NotFoundError
from memproc.intake import clean_name
from memproc.records import DEFAULT_NAMESPACE, Memory
from memproc.service.rest.problems import ProblemError
from memproc.service.scopes import Scope
from memproc.store.access.calls import Window
from memproc.store.answers import Quarantined, Review
from memproc.store.changes.forgetting_people import names_in
from memproc.store.store import Store

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: `who` is what the log calls them, `namespaces` what they reach (None: all), `scopes` what they may do, and how
    many calls they may make in a minute and in a day.
    """

    who: str
    namespaces: tuple[str, ...] | None
    scopes: frozenset[str]
    per_minute: int
    per_day: int

    def windows(self, now: float) -> tuple[Window, Window]:
        """Return the windows of time that a call now counts in: its minute and its day."""
        return Window.at(self.who, 60, now), Window.at(self.who, 86_400, now)

    def check_may(self, scope: Scope) -> None:
        """Raise a problem if the caller may not do this."""
        if scope not in self.scopes:
            detail = f"this token lacks the scope {scope}: ask who runs the server for one that has it"
            raise ProblemError(403, "scope-missing", detail)

    def within(self, given: str | None) -> str | None:
        """Return the namespace of a call that names one, or none; None for all. Raises a problem where it is not the caller's."""
        name = clean_name(given, "namespace")
        if self.namespaces is None:
            return name
        if name is None and given is None and len(self.namespaces) == 1:
            return self.namespaces[0]
        if name is None:
            raise ProblemError(422, "namespace-missing", f"namespace={given!r}: name one of the namespaces that this token reaches")
        if name not in self.namespaces:
            detail = "this token does not reach that namespace: leave it out, or name one of its own"
            raise ProblemError(403, "namespace-foreign", detail)
        return name

    def of_new(self, given: str | None) -> str:
        """Return the namespace of what is added."""
        return self.within(given) or DEFAULT_NAMESPACE

    def reaches(self, namespace: str | None) -> bool:
        """Tell whether what is in a namespace is the caller's; None is what is of all of them."""
        return self.namespaces is None or namespace in self.namespaces

    def check_reaches_all(self) -> None:
        """Raise a problem if the caller is kept to namespaces."""
        if self.namespaces is not None:
            detail = "this tells of all namespaces, and this token is kept to its own: use another one"
            raise ProblemError(403, "namespace-bound", detail)


def memory_of(store: Store, caller: Caller, identifier: str) -> Memory:
    """Return a memory of the caller's. Raises NotFoundError on any other."""
    found = store.get(identifier) if _ID.fullmatch(identifier) else None
    if found is None or not caller.reaches(found.namespace):
        raise NotFoundError(f"there is no memory {identifier[:100]!r} here: take an id that GET /api/v1/memories gives")
    return found


def memory_named(store: Store, caller: Caller, own: str, source: str | None, namespace: str | None) -> Memory:
    """Return the memory whose record has an id of its own in a source. Raises NotFoundError."""
    found: Memory | None = store.get(own, source=source, namespace=caller.of_new(namespace))
    if found is None:
        raise NotFoundError(f"there is no record {own[:100]!r} of that source here: name its source and its namespace")
    return found


def reviews_of(store: Store, caller: Caller, after: int, limit: int) -> list[Review]:
    """Return at most so many open reviews of the caller's memories behind a number, by number. No more are read."""
    found = [one for name in _namespaces_of(caller) for one in store.reviews(after=after, limit=limit, namespace=name)]
    return sorted(found, key=lambda one: one.number)[:limit]


def _namespaces_of(caller: Caller) -> Sequence[str | None]:
    return (None,) if caller.namespaces is None else [*dict.fromkeys(caller.namespaces)]


def review_of(store: Store, caller: Caller, number: int) -> Review:
    """Return an open review of the caller's. Raises NotFoundError on any other."""
    found = [one for one in store.reviews(numbers=[number]) if caller.reaches(one.one.namespace)]
    if not found:
        raise NotFoundError(f"there is no open review {number} here: take a number that GET /api/v1/reviews gives")
    return found[0]


def reaches_rejected(caller: Caller, record: Quarantined) -> bool:
    """Tell whether a rejected record is the caller's: it came under a namespace of theirs, and names no other itself."""
    if caller.namespaces is None:
        return True
    try:
        said = orjson.loads(record.raw)
    except orjson.JSONDecodeError:
        said = None
    return caller.reaches(record.namespace) and all(caller.reaches(value) for name, value in names_in(said) if name == "namespace")


def quarantined_of(store: Store, caller: Caller, number: int) -> Quarantined:
    """Return a rejected record of the caller's. Raises NotFoundError on any other."""
    try:
        found = store.quarantined(number)
    except NotFoundError:
        found = None
    if found is None or not reaches_rejected(caller, found):
        raise NotFoundError(f"there is nothing in quarantine under {number} here: take a number that GET /api/v1/quarantine gives")
    return found
