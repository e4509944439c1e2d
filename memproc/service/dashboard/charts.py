"""What landed over time, as charts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from memproc.report.pages.parts import Chart, Column, Kind, Point, Table, shown
from memproc.store.jobs.days import Day, Minute

MINUTES, DAYS, DAYS_DRAWN = 60, 90, 14
_FORM = "%Y-%m-%dT%H:%M"


def of_minutes(found: Sequence[Minute], now: datetime) -> tuple[Chart, ...]:
    """Return the records that landed and the memory that was held in each of the last minutes; none where nothing landed."""
    if not found:
        return ()
    known = {one.minute: one for one in found}
    names = [(now.astimezone(UTC) - timedelta(minutes=MINUTES - 1 - at)).strftime(_FORM) for at in range(MINUTES)]
    records = [known[name].records if name in known else 0 for name in names]
    memory = [known[name].rss_mb or 0.0 if name in known else 0.0 for name in names]
    return (
        _line("records", "Records a minute", "number", names, records),
        _line("memory", "Memory held by jobs", "mib", names, memory),
    )


def _line(name: str, title: str, kind: Kind, names: Sequence[str], values: Sequence[float]) -> Chart:
    points = tuple(Point(label[11:], value) for label, value in zip(names, values, strict=True))
    says = f"In the last hour at most {shown(max(values), kind)}, in this minute {shown(values[-1], kind)}."
    return Chart(name, "line", title, says, kind, ((title, points),), tuple(map(float, range(MINUTES))), "minutes, up to now")


def of_days(found: Sequence[Day]) -> tuple[Chart, ...]:
    """Return the records of the last days on which something landed, and those that were rejected."""
    last = found[-DAYS_DRAWN:]
    if not last:
        return ()
    return (
        _bars("read", "Records read", [Point(one.day, one.records) for one in last]),
        _bars("rejected", "Records rejected", [Point(one.day, one.quarantined) for one in last]),
    )


def _bars(name: str, title: str, points: Sequence[Point]) -> Chart:
    most = max(points, key=lambda one: one.value)
    says = f"Most on {most.label}: {shown(most.value, 'number')}."
    return Chart(name, "bars", title, says, "number", ((title, tuple(points)),))


def table_of_days(found: Sequence[Day]) -> Table:
    """Return the days as a table, the newest first."""
    names = ("jobs", "records", "stored", "duplicate", "merged", "quarantined")
    columns = (Column("day"), *(Column(name, "number") for name in names), Column("rate", "rate"))
    rows = tuple((one.day, *(getattr(one, name) for name in names), _rate(one)) for one in reversed(found))
    return Table("days", "By day, in UTC", columns, rows)


def _rate(one: Day) -> float:
    return one.records / one.seconds if one.seconds else 0.0
