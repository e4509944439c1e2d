"""A person's decision on two memories."""

from __future__ import annotations

from dataclasses import dataclass

from memproc.config import Verdict
from memproc.dedup.keys import Key


@dataclass(frozen=True, slots=True, order=True)
class Decision:
    """A person's decision on two nodes, or on observations of two undated versions of one node: `a` < `b`.

    With "supersedes" the newer one replaces the other, whichever that is. `policy` names the review policy that decided in a
    person's place, and is empty if a person decided on this very pair.
    """

    a: Key
    b: Key
    verdict: Verdict
    policy: str = ""

    @property
    def keys(self) -> tuple[Key, Key]:
        """Both nodes or observations, in order."""
        return self.a, self.b


def pair(one: Key, other: Key, verdict: Verdict, policy: str = "") -> Decision:
    """Return a decision with its keys in order."""
    return Decision(min(one, other), max(one, other), verdict, policy)
