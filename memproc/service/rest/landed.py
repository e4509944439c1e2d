"""What landed over time of what a caller reaches, and which faults their rejected records have in common."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from memproc.report.figures import Pace
from memproc.report.report import Pattern
from memproc.service.rest.callers import Caller, reaches_rejected
from memproc.service.rest.jobs_of import job_of
from memproc.store.answers import Quarantined
from memproc.store.jobs.days import Day, Minute
from memproc.store.store import Store, access_of
from memproc.times import to_text

MOST_PATTERNS, MOST_LOOKED_AT = 20, 2_000


def minutes_of(store: Store, caller: Caller, minutes: int) -> list[Minute]:
    """Return what landed in the last minutes, by minute."""
    return access_of(store).minutes(_ago(timedelta(minutes=minutes)), caller.namespaces)


def days_of(store: Store, caller: Caller, days: int) -> list[Day]:
    """Return what landed in the last days, by day."""
    return access_of(store).days(_ago(timedelta(days=days)), caller.namespaces)


def _ago(span: timedelta) -> str:
    return to_text(datetime.now(UTC) - span)


def pace_of_job(store: Store, caller: Caller, number: int) -> Pace:
    """Return how fast a job of the caller's went. Raises NotFoundError on any other."""
    job_of(store, caller, number)
    return access_of(store).pace(number)


def patterns_of(store: Store, caller: Caller) -> list[Pattern]:
    """Return what open rejected records of the caller's have in common, the most frequent first.

    Of a caller who is kept to namespaces, the newest thousands are looked at: a pattern of the store's own may show a value of a
    record that came under their namespace and names another.
    """
    if caller.namespaces is None:
        return store.patterns(limit=MOST_PATTERNS)
    found = (one for name in caller.namespaces for one in store.quarantine(namespace=name, limit=MOST_LOOKED_AT))
    return _folded(one for one in found if reaches_rejected(caller, one))


def _folded(records: Iterable[Quarantined]) -> list[Pattern]:
    found: dict[tuple[str, str], Pattern] = {}
    for one in records:
        fault = one.faults[0]
        key = (fault.code, fault.path)
        first = found.get(key, Pattern(0, one.category, fault.code, fault.path, fault.message, one.number))
        found[key] = Pattern(first.records + one.times_seen, *(getattr(first, name) for name in Pattern.__slots__[1:]))
    return sorted(found.values(), key=lambda one: -one.records)[:MOST_PATTERNS]
