"""What an ingestion will take: a sample is ingested into a store in a temporary folder, which is removed in any case.

The sample is the first records, in batches of a size, so that it shows how the figures grow with the store. It is made with the
settings of the ingestion, but for those that would stop it or are for a server.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, NamedTuple

from memproc.config import Policy, Settings
from memproc.errors import SourceError, UsageError
from memproc.formats.draft import Context
from memproc.ingestion.inspecting import Inspection, inspect
from memproc.ingestion.opening import Asked, given_of, open_all
from memproc.ingestion.pipeline import ingest
from memproc.ingestion.reading import intake_of
from memproc.intake import Intake, clean_name
from memproc.records import Outcome
from memproc.report.events import BatchLanded, Event
from memproc.report.prediction import LOG_BYTES, Prediction, Seen, Texts, foretold, rate
from memproc.report.report import Report
from memproc.resources import MEBIBYTE
from memproc.sources.mapping_files import mapping_given
from memproc.store.sql.database import held_for

SAMPLED, BATCH = 5_000, 500  # records
PIECES = 50  # items that are prepared at once: each may hold many records
PREPARED = 1_000  # records that are prepared once more, to see what workers can take
STORE = "memories.db"  # where a store lies that nobody has named
_OF_FILES = ("format", "records", "delimiter", "encoding", "allow_pickle")


class Sample(NamedTuple):
    """What became of the first records, and what was seen after each batch of them."""

    report: Report
    seen: Sequence[Seen]


class Reading(NamedTuple):
    """How something is read: the intake, and how its files are written."""

    intake: Intake
    asked: Asked

    @property
    def options(self) -> dict[str, Any]:
        """The same as arguments of `ingest`."""
        context, asked = self.intake.context, self.asked
        told = {"namespace": self.intake.namespace, "source": context.source, "mapping": context.mapping or None}
        more = {"include": context.include, "as_of": self.intake.as_of, "schema": self.intake.schema}
        return told | more | {name: getattr(asked, name) for name in _OF_FILES}


def predict(what: object, into: str | Path | None = None, *, settings: Settings | None = None, **options: Any) -> Prediction:
    """Return what the ingestion of `what` into a new store should take: time, memory and place, each with bounds.

    All of it is read once to count its records, and the first 5,000 are ingested into a temporary store in a temporary folder.
    `into` is where the store will lie, by default the current folder; nothing is written there. `options` are those of `ingest`
    that say how it is read: `namespace`, `source`, `format`, `schema`, `mapping`, `include`, `as_of`, `records`, `delimiter`,
    `encoding`, `allow_pickle`.

    Raises UsageError on a pipe or an iterator, which cannot be read twice, and SourceError if no record can be read.
    """
    context = Context(clean_name(options.pop("source", None), "source"), frozenset(options.pop("include", ())))
    context = context._replace(mapping=mapping_given(options.pop("mapping", None)))
    names = {"namespace": options.pop("namespace", None), "as_of": options.pop("as_of", None)}
    intake = intake_of(context, settings or Settings(), **names)
    intake = replace(intake, schema=options.pop("schema", intake.schema))
    asked = Asked(**{name: options.pop(name) for name in _OF_FILES if name in options})
    if options:
        raise UsageError(f"{next(iter(options))!r} is no option of predict: give those that say how a source is read")
    reading = Reading(intake, asked)
    refuse_once_only(what)
    return predicted(what, into, reading, (sampled(what, reading), inspect(what, intake, asked)))


def refuse_once_only(what: object) -> None:
    """Raise UsageError on what can be read only once."""
    given = given_of(what)
    paths = [one for one in given or () if isinstance(one, Path)]
    is_stream = any(callable(getattr(one, "read", None)) for one in given or ())
    is_pipe = any(str(one) == "-" or (one.exists() and not (one.is_file() or one.is_dir())) for one in paths)
    if is_stream or is_pipe or (given is None and not isinstance(what, Sequence)):
        raise UsageError("a prediction reads twice: give files or a list, not a pipe or an iterator")


def predicted(what: object, into: str | Path | None, reading: Reading, seen_of: tuple[Sample, Inspection]) -> Prediction:
    """Return what the ingestion of `what` should take, by a sample of it and what was found in all of it. Raises SourceError if
    these are no records.
    """
    (report, seen), found = seen_of
    total = found.records + found.rejected
    if not total or not seen:
        raise SourceError("no record could be read: there is nothing to predict")
    worker_seconds = _prepared(what, reading)
    last = seen[-1]
    figures = foretold(seen, Texts(total, found.sizes.mean_of_first(last.records), found.sizes.mean))
    each = max(rate(seen, "cpu_seconds"), worker_seconds)  # seconds of a record
    free = _free_bytes(into)
    return Prediction(
        total,
        last.records,
        *figures,
        {one.value: round(getattr(report, one.value) / report.read, 4) for one in Outcome},
        worker_seconds / each if each else 0.0,
        int(figures.store_bytes.high) + LOG_BYTES,
        free,
    )


def sampled(what: object, reading: Reading) -> Sample:
    """Ingest the first records into a store that is removed again. In a fresh process this comes before anything else is read: the
    ingestion that is predicted begins as cold.
    """
    given = reading.intake.settings
    settings = replace(
        given,
        batch_size=min(given.batch_size or BATCH, BATCH),
        validate="inline",
        on_error="continue",
        max_errors=None,
        max_seconds=None,
        table_schema=None,
    )
    seen: list[Seen] = []
    with TemporaryDirectory(prefix="memproc-") as folder:
        store = Path(folder) / STORE
        began = process_time()

        def note(event: Event) -> None:
            if isinstance(event, BatchLanded):
                progress, spent = event.progress, process_time() - began
                seen.append(Seen(progress.read, progress.seconds, spent, _size(store), int(progress.rss_mb * MEBIBYTE)))

        report = ingest(what, store, settings=settings, limit=SAMPLED, on_event=note, **reading.options)  # type: ignore[arg-type]
    return Sample(report, seen)


def _size(store: Path) -> int:
    """Return the bytes of a database, those in its log too."""
    with closing(sqlite3.connect(store)) as connection:
        [pages], [size] = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    return int(pages * size)


def _prepared(what: object, reading: Reading) -> float:
    """Return how long the processor takes to prepare a record, which workers can do: reading and writing they cannot."""
    policy = Policy(dedup=reading.intake.settings.dedup or Policy().dedup)
    records, seconds = 0, 0.0
    with closing(open_all(given_of(what), what, reading.intake, reading.asked)) as sources:
        for source in sources.all:
            intake = replace(source.intake, policy=policy)
            items = iter(source.items)
            while pieces := [*islice(items, PIECES)]:
                began = process_time()
                records += len(intake.take_all(pieces).records)
                seconds += process_time() - began
                if records >= PREPARED:
                    return seconds / records
    return seconds / max(records, 1)


def _free_bytes(into: str | Path | None) -> int | None:
    """Return what is free where a store will lie, None on a server."""
    held = held_for(into or STORE)
    if held is None:
        return None
    return shutil.disk_usage(next(folder for folder in held.file.parents if folder.is_dir())).free
