"""What a token may be allowed to do, in words that people give and programs check."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from memproc.errors import UsageError


class Scope(StrEnum):
    """What a call needs to be allowed."""

    MEMORIES_READ = "memories:read"
    MEMORIES_WRITE = "memories:write"
    MEMORIES_FORGET = "memories:forget"
    REVIEWS_READ = "reviews:read"
    REVIEWS_DECIDE = "reviews:decide"
    QUARANTINE_READ = "quarantine:read"
    QUARANTINE_WRITE = "quarantine:write"
    REPORTS_READ = "reports:read"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    AUDIT_READ = "audit:read"


def scopes_of(given: Iterable[str]) -> tuple[Scope, ...]:
    """Return scopes by their names, each once, in their order. Raises UsageError on a name that there is not, and on none at all.

    >>> [*scopes_of(["memories:write", "memories:read"])]
    [<Scope.MEMORIES_READ: 'memories:read'>, <Scope.MEMORIES_WRITE: 'memories:write'>]
    """
    wanted = {*given}
    if strange := sorted(wanted - {*map(str, Scope)}):
        raise UsageError(f"scope {strange[0]!r}: choose of {', '.join(Scope)}")
    if not wanted:
        raise UsageError(f"a token without a scope may do nothing: choose of {', '.join(Scope)}")
    return tuple(one for one in Scope if one in wanted)
