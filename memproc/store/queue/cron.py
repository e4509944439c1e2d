"""When a schedule comes next: cron expressions in a time zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from memproc.errors import UsageError
from memproc.times import from_micros, to_micros, to_text

EXTRA = "service"


def next_after(expression: str, time_zone: str, after: int) -> int:
    """Return the first moment behind another one that an expression names, both in microseconds since 1970.

    Where clocks change, a time that there is not is left out or moved, and one that comes twice comes once, as in Debian's cron.
    Raises UsageError on an expression or a zone that is none, and on one that never comes.
    """
    try:
        from cronsim import CronSim, CronSimError  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError(f"every={expression!r}: schedules need a package: pip install 'memproc-sdk[{EXTRA}]'") from error
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, OSError, ValueError) as error:  # it is unknown, a folder, or a path
        raise UsageError(f"time_zone={time_zone!r}: give the name of a zone, as in Europe/Berlin") from error
    try:
        found = next(CronSim(expression, datetime.fromisoformat(from_micros(after)).astimezone(zone)))
    except CronSimError as error:
        raise UsageError(
            f"every={expression!r}: {error}: give minute, hour, day, month and day of the week, as in 0 3 * * *"
        ) from error
    except StopIteration:
        raise UsageError(f"every={expression!r}: it never comes: give a day that there is") from None
    return to_micros(to_text(found))
