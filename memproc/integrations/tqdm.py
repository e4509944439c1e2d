"""Progress of an ingestion as a bar of tqdm, in a terminal or a notebook: `memproc.ingest(..., on_event=tqdm_bar())`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tqdm.auto import tqdm

from memproc.report.events import BatchLanded, Event, JobEnded, JobStarted


def tqdm_bar(**options: Any) -> Callable[[Event], None]:
    """Return a callback for `on_event` that shows a bar: of bytes if their number is known, else of records.

    `options` go to tqdm, as `desc` or `file`. What became of the records stands behind the bar. One callback may serve several
    ingestions, one after the other; each has a bar of its own.
    """
    bar: Any = None

    def show(event: Event) -> None:
        nonlocal bar
        match event:
            case JobStarted():
                is_bytes = event.bytes_total is not None
                unit = {"unit": "B", "unit_scale": True, "unit_divisor": 1000} if is_bytes else {"unit": " records"}
                bar = tqdm(**{"desc": f"job {event.job}", "total": event.bytes_total, **unit, **options})
            case BatchLanded() if bar is not None:
                progress = event.progress
                if not bar.n and not bar.initial:  # what earlier runs read is no part of the rate
                    bar.initial = bar.n = progress.bytes_before if progress.bytes_total is not None else progress.read_before
                counts = {name: getattr(progress, name) for name in ("stored", "duplicate", "merged", "quarantined")}
                bar.set_postfix({name: count for name, count in counts.items() if count}, refresh=False)
                bar.update((progress.bytes_read if progress.bytes_total is not None else progress.read) - bar.n)
            case JobEnded() if bar is not None:
                bar.close()
                bar = None
            case _:
                pass

    return show
