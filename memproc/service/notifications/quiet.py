"""When nobody wants to be disturbed. Pure."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo


def is_quiet(moment: datetime, begins: time, ends: time, zone: ZoneInfo) -> bool:
    """Tell whether a moment lies within hours of a time zone, which may go over midnight; at their end it does not.

    >>> from datetime import UTC
    >>> berlin, night = ZoneInfo("Europe/Berlin"), (time(22), time(7))
    >>> [is_quiet(datetime(2026, 7, 1, hour, tzinfo=UTC), *night, berlin) for hour in (19, 20, 4, 5)]
    [False, True, True, False]
    """
    local = moment.astimezone(zone).time()
    return begins <= local < ends if begins <= ends else local >= begins or local < ends
