"""What is said of an ingestion before and while it works, as lines of text that fit a terminal of any width.

Rules: ASCII, as some consoles have little else. Nothing is said that is not known: no share and no time left where the size of a
source is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from memproc.report.report import counted

if TYPE_CHECKING:
    from memproc.report.events import JobStarted, Progress, Rebuilding
    from memproc.report.time_left import SecondsLeft

NAMES_SHOWN = 3
THOUSAND, TEN = 1_000, 10
_PREFIXES = ("", "k", "M", "G", "T")


class TimeLeft:
    """The time left, as estimated after the last batch. It counts down between batches too."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left: SecondsLeft | None = None
        self._noted_at = 0.0

    def note(self, progress: Progress) -> None:
        """Take over what was estimated after a batch."""
        self._left, self._noted_at = progress.seconds_left, self._clock()

    def __str__(self) -> str:
        """Return the time left as bounds in hours, minutes and seconds, nothing if it is unknown."""
        return "" if self._left is None else told_left(self._left.after(self._clock() - self._noted_at))


def told_left(left: SecondsLeft) -> str:
    """Return bounds of the time left, as one time where they are the same to the second.

    >>> from memproc.report.time_left import SecondsLeft
    >>> told_left(SecondsLeft(50.2, 3700)), told_left(SecondsLeft(3.4, 3.3))
    ('0:00:50-1:01:40', '0:00:03')
    """
    return "-".join(dict.fromkeys(f"{s // 3600}:{s // 60 % 60:02}:{s % 60:02}" for s in map(round, (left.low, left.high))))


def start_lines(named: Sequence[str], thing: str, reading: JobStarted) -> list[str]:
    """Return what is about to be read, and as what; `named` is what was given, and `thing` what one of the sources is."""
    shown = ", ".join(named[:NAMES_SHOWN])
    if len(named) > NAMES_SHOWN:
        shown += f" and {len(named) - NAMES_SHOWN} more"
    size = "" if reading.bytes_total is None else f", {short(reading.bytes_total)}B"
    lines = [f"reading {shown}: {counted(reading.sources, thing)} ({', '.join(reading.formats)}){size}"]
    if reading.read_before:
        lines.append(f"going on with job {reading.job} behind {counted(reading.read_before, 'record')}")
    return lines


def progress_line(progress: Progress, left: object = "", width: int = 1_000) -> str:
    """Return how far an ingestion is, in at most `width` columns."""
    share = [] if progress.share is None else [f"{progress.share:.0%}"]
    rate = progress.records_per_second
    time_left = [f"{left} left"] if str(left) else []
    size = [f"batches of {progress.batch_size:,}", f"{progress.rss_mb:,.0f} MB"] if progress.batch_size else []
    whole = ", ".join([*share, f"{progress.read:,} records", f"{rate:,.0f}/s", *time_left, *size])
    tight = [*share, short(progress.read), f"{short(rate)}/s", *filter(None, [str(left)]), *_tight_size(progress)]
    return whole if len(whole) <= width else fitted(tight, width)


def rebuild_line(event: Rebuilding, since: float = 0.0, width: int = 1_000) -> str:
    """Return how far a step of a rebuild is, `since` seconds after that was told, in at most `width` columns.

    >>> from memproc.report.events import Rebuilding
    >>> rebuild_line(Rebuilding("keys", 3_000, 12_000, 2.0))
    'computing keys again: 25%, 3,000 of 12,000, 1,500/s, 0:00:06 left'
    """
    rate = event.done / event.seconds if event.seconds else 0.0
    seconds = max(0, round((event.total - event.done) / rate - since)) if rate else None
    left = [] if seconds is None else [f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02} left"]
    share = f"{event.share:.0%}"
    whole = ", ".join([f"computing {event.step} again: {share}", f"{event.done:,} of {event.total:,}", f"{rate:,.0f}/s", *left])
    return whole if len(whole) <= width else fitted([share, event.step, short(event.done), f"{short(rate)}/s", *left], width)


def outcomes_line(progress: Progress, width: int = 1_000) -> str:
    """Return what became of the records, in at most `width` columns."""
    known = [(progress.stored, "stored", "new"), (progress.duplicate, "duplicate", "dup"), (progress.merged, "merged", "merged")]
    known.append((progress.quarantined, "quarantined", "bad"))
    if progress.review:
        known.append((progress.review, "to review", "pairs"))
    whole = ", ".join(f"{count:,} {name}" for count, name, _ in known)
    return whole if len(whole) <= width else fitted([f"{short(count)} {name}" for count, _, name in known], width)


def fitted(parts: Sequence[str], width: int) -> str:
    """Return as many of the parts, from the first, as fit in `width` columns.

    >>> fitted(["12%", "3k", "2k/s", "0:01:00"], 12)
    '12% 3k 2k/s'
    """
    while len(" ".join(parts)) > width and len(parts) > 1:
        parts = parts[:-1]
    return " ".join(parts)


def short(number: float) -> str:
    """Return a number in at most five columns, rounded.

    >>> [short(number) for number in (0, 999, 1_234, 12_345, 999_949, 999_950, 1_234_567_890)]
    ['0', '999', '1.2k', '12k', '1.0M', '1.0M', '1.2G']
    """
    at = 0
    while round(number) >= THOUSAND and at < len(_PREFIXES) - 1:
        number, at = number / THOUSAND, at + 1
    digits = 1 if at and round(number, 1) < TEN else 0
    return f"{number:.{digits}f}{_PREFIXES[at]}"


def _tight_size(progress: Progress) -> list[str]:
    return [f"x{short(progress.batch_size)}", f"{progress.rss_mb:.0f}MB"] if progress.batch_size else []
