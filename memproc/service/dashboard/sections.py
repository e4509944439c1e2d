"""The sections of the dashboard, and the scope that each needs."""

from __future__ import annotations

from typing import NamedTuple

from memproc.service.rest.callers import Caller
from memproc.service.scopes import Scope


class SectionTold(NamedTuple):
    """A section: the name of its page, its path, its title, and the scope that it needs."""

    name: str
    path: str
    title: str
    scope: Scope


SECTIONS = (
    SectionTold("overview", "/", "Now", Scope.JOBS_READ),
    SectionTold("jobs", "/jobs", "Jobs", Scope.JOBS_READ),
    SectionTold("days", "/days", "Days", Scope.JOBS_READ),
    SectionTold("quarantine", "/quarantine", "Quarantine", Scope.QUARANTINE_READ),
    SectionTold("reviews", "/reviews", "Reviews", Scope.REVIEWS_READ),
    SectionTold("memories", "/memories", "Memories", Scope.MEMORIES_READ),
    SectionTold("log", "/log", "Log", Scope.AUDIT_READ),
)


def sections_of(caller: Caller) -> tuple[SectionTold, ...]:
    """Return the sections that somebody may look at; the log tells of all namespaces."""
    return tuple(one for one in SECTIONS if one.scope in caller.scopes and (one.name != "log" or caller.namespaces is None))
