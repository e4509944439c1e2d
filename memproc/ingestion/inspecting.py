"""What is in files, found out by reading them as `ingest` would, without a store: counts by kind, whose it is, from when."""

from __future__ import annotations

from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, NamedTuple

from memproc.dates import RefusedDates
from memproc.errors import SourceEndedError, SourceError
from memproc.formats.mapping import field_map_of, proposed
from memproc.formats.naming import Names
from memproc.ingestion.opening import Asked, given_of, open_all
from memproc.ingestion.remarks import dates_in
from memproc.ingestion.source import Source
from memproc.intake import Intake, add_counts, dates_among, kinds_left_out, secrets_among
from memproc.records import Plain, Rejected, is_mapping
from memproc.sources.decoding import item_of

PROPOSED_FROM = 500  # records that are looked at for a mapping
NAMES_KEPT = 1_000  # namespaces and subjects that are counted, each
SUMMED = 10_000  # of the first records the sizes are summed up one by one
EXAMPLES = 3
_TIMES = ("created_at", "valid_from", "updated_at")


@dataclass(slots=True)
class FileSeen:
    """One file: its format, its records by kind (fact, message, ...), what was left out by name, the rejected by their faults."""

    file: str
    format: str
    kinds: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    broken: str = ""  # why it was not read to its end


@dataclass(slots=True)
class Sizes:
    """The sizes of records as JSON, in bytes: how many were summed up, at every so many records and at the end."""

    count: int = 0
    total: int = 0
    sums: list[tuple[int, int]] = field(default_factory=list)  # (count, total) within the first records

    def note(self, sizes: list[int]) -> None:
        """Take the sizes of more records."""
        self.count, self.total = self.count + len(sizes), self.total + sum(sizes)
        if self.count <= SUMMED:
            self.sums.append((self.count, self.total))

    @property
    def mean(self) -> float:
        """The mean size, 0 of no records."""
        return self.total / self.count if self.count else 0.0

    def mean_of_first(self, records: int) -> float:
        """Return the mean size of about the first records; that of all where these are few."""
        known = [(count, total) for count, total in self.sums if 0 < count <= records]
        return known[-1][1] / known[-1][0] if known else self.mean


@dataclass(slots=True)
class Inspection:
    """All that was given. Dates are those of the first and of the last record that has one, `undated` counts the others."""

    files: list[FileSeen] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    namespaces: Counter[str] = field(default_factory=Counter)
    subjects: Counter[str] = field(default_factory=Counter)
    first: str | None = None
    last: str | None = None
    undated: int = 0
    examples: list[Plain] = field(default_factory=list)
    advice: str = ""  # where every record was rejected
    forms: Counter[str] = field(default_factory=Counter)  # of dates that were read, but for ISO 8601 with a zone and numbers
    secrets: Counter[str] = field(default_factory=Counter)  # by kind, where they are looked for
    refused: RefusedDates = field(default_factory=RefusedDates)
    options: list[str] = field(default_factory=list)  # what --include reads of what was left out
    most_examples: int = EXAMPLES
    limit: int | None = None  # of records that are read
    sizes: Sizes = field(default_factory=Sizes)

    @property
    def is_full(self) -> bool:
        """Whether as many records were read as were wanted."""
        return self.limit is not None and self.records + self.rejected >= self.limit

    @property
    def records(self) -> int:
        """How many records could be stored."""
        return sum(one.kinds.total() for one in self.files)

    @property
    def rejected(self) -> int:
        """How many records would be quarantined."""
        return sum(one.quarantined.total() for one in self.files)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "files": [
                {
                    "file": one.file,
                    "format": one.format,
                    "kinds": dict(one.kinds),
                    "left_out": dict(one.left_out),
                    "quarantined": dict(one.quarantined),
                    "broken": one.broken,
                }
                for one in self.files
            ],
            "not_read": self.not_read,
            "skipped": dict(self.skipped),
            "records": self.records,
            "rejected": self.rejected,
            "namespaces": dict(self.namespaces.most_common()),
            "subjects": dict(self.subjects.most_common()),
            "first": self.first,
            "last": self.last,
            "undated": self.undated,
            "examples": self.examples,
            "include": self.options,
            "date_forms": dict(self.forms.most_common()),
            "dates_refused": dict(self.refused.forms.most_common()),
        }

    def take(self, record: Plain, seen: FileSeen) -> None:
        """Count a record that could be stored."""
        seen.kinds[str(record.get("kind", "fact"))] += 1
        _count(self.namespaces, record["namespace"])
        if "subject" in record:
            _count(self.subjects, record["subject"])
        date = next((record[name] for name in _TIMES if name in record), None)
        if date is None:
            self.undated += 1
        else:
            self.first, self.last = min(date, self.first or date), max(date, self.last or date)
        if len(self.examples) < self.most_examples:
            self.examples.append(record)


class Looking(NamedTuple):
    """How much is looked at: the first records, None for all, and how many are kept as examples."""

    limit: int | None = None
    examples: int = EXAMPLES


EVERYTHING = Looking()


def inspect(what: object, intake: Intake, asked: Asked, looking: Looking = EVERYTHING) -> Inspection:
    """Read what a caller names, and return what is there. Raises SourceError where nothing can be read."""
    found, names = Inspection(most_examples=looking.examples, limit=looking.limit), Names()
    with closing(open_all(given_of(what), what, intake, asked)) as sources:
        for source in sources.all:
            found.files.append(seen := FileSeen(source.name, source.intake.format.name))
            try:
                if not found.is_full:
                    _read(source, seen, found, names)
            except SourceEndedError as error:
                seen.broken = str(error)
            if source.opened.reading is not None:
                seen.left_out.update({f"in the list {name}": count for name, count in source.opened.reading.unread.items()})
        found.not_read += sources.notes(redacts=False)
        if sources.found is not None:
            found.skipped.update(sources.found.skipped)
        read = zip(sources.all, found.files, strict=True)
        options = (option for source, seen in read for option in source.intake.format.options if seen.left_out[option])
        found.options = [*dict.fromkeys(options)]
    if found.rejected and not found.records:
        found.advice = names.advice(redact=False)
    return found


def propose(what: object, intake: Intake, asked: Asked) -> str:
    """Return a mapping file for the first records of what a caller names, in TOML. Raises SourceError where nothing can be read."""
    anything = field_map_of({"fields": {"content": {"constant": ""}}})  # so that no file is refused for its names
    rows: list[Any] = []
    with (
        closing(
            open_all(given_of(what), what, replace(intake, context=intake.context._replace(mapping=anything)), asked)
        ) as sources,
        suppress(SourceEndedError),
    ):
        items = chain.from_iterable(source.items for source in sources.all)
        rows += [item.value for item in map(item_of, islice(items, PROPOSED_FROM)) if item.fault is None and is_mapping(item.value)]
    if not rows:
        raise SourceError("no record could be read: a mapping is for objects and rows of tables")
    return proposed(rows)


def _read(source: Source, seen: FileSeen, found: Inspection, names: Names) -> None:
    for item in source.items:
        chunk = source.intake.take(item)
        for _, more in chunk.left_out:
            add_counts(seen.left_out, kinds_left_out(more))
            found.secrets.update(secrets_among(more))
            found.forms.update(dates_among(more))
        records = chunk.records
        if found.limit is not None:  # an item may hold many records
            records = records.cut(0, max(found.limit - found.records - found.rejected, 0))
        rejected: list[Rejected] = [one for _, one in records.rejected]
        names.note(rejected)
        for value in dates_in(rejected):
            found.refused.note(value)
        seen.quarantined.update(f"{one.faults[0].path or 'record'}: {one.faults[0].code}" for one in rejected)
        found.sizes.note(records.sizes())
        for at in range(len(records.accepted)):
            found.take(records.accepted.at(at).record, seen)
        if found.is_full:
            found.not_read.append(f"limit={found.limit}: what stands behind the first records was not read")
            return


def _count(counted: Counter[str], name: str) -> None:
    counted[name if name in counted or len(counted) < NAMES_KEPT else "(others)"] += 1
