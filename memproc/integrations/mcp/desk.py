"""What a client of the server may see and change: a namespace, or all.

Facts: an id is no capability. It is a hash that whoever guesses a text can compute, so it is looked up whose a memory is before
anything is done with its id. As the namespace is in the hash, that does not change in between.

Rules: what belongs to another namespace is told as what is not there, in the same words. A namespace without a name, as of a
variable that is not set, is wrong use, and never all namespaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from memproc.errors import NotFoundError, UsageError
from memproc.intake import required_name
from memproc.records import DEFAULT_NAMESPACE, Memory
from memproc.store.answers import Review
from memproc.store.store import Store


def kept_to(namespace: str | None) -> str | None:
    """Return the namespace that clients are kept to without blanks at its ends, None for none. Raises UsageError if it is blank.

    >>> kept_to(" ann "), kept_to(None)
    ('ann', None)
    """
    return required_name(namespace, "namespace")


@dataclass(frozen=True, slots=True)
class Desk:
    """A store as a client reaches it. With a `namespace` it reaches nothing else. Raises UsageError if that is blank."""

    store: Store[Any]
    namespace: str | None = None
    is_read_only: bool = False

    def __post_init__(self) -> None:
        """Keep the namespace as memories have it."""
        object.__setattr__(self, "namespace", kept_to(self.namespace))

    def within(self, given: str | None) -> str | None:
        """Return the namespace of a call, None for all. Raises UsageError if one is given that is blank, or not the client's."""
        given = required_name(given, "namespace")
        if self.namespace is None:
            return given
        if given not in (None, self.namespace):
            raise UsageError("this server keeps to one namespace: leave namespace out")
        return self.namespace

    def of_new(self, given: str | None) -> str:
        """Return the namespace of what is added."""
        return self.within(given) or DEFAULT_NAMESPACE

    def memory(self, identifier: str, source: str | None = None, namespace: str | None = None) -> Memory:
        """Return a memory of the client's. Raises NotFoundError on any other."""
        within = self.within(namespace)
        if source is None:
            found: Memory | None = self.store.get(identifier)
        else:
            found = self.store.get(identifier, source=source, namespace=within or DEFAULT_NAMESPACE)
        if found is None or within not in (None, found.namespace):
            raise NotFoundError(f"there is no memory {identifier[:100]!r} here: take an id that find gives")
        return found

    def reviews(self, after: int, limit: int) -> list[Review[Any]]:
        """Return a page of the open reviews of the client's memories, by number, behind one."""
        return self.store.reviews(after=after, limit=limit, namespace=self.namespace)

    def review(self, number: int) -> Review[Any]:
        """Return an open review of the client's. Raises NotFoundError on any other."""
        found = self.store.reviews(numbers=[number])
        if not found or self.namespace not in (None, found[0].one.namespace):
            raise NotFoundError(f"there is no open review {number} here: take a number that reviews gives")
        return found[0]
